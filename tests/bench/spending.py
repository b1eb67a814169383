"""What the processes of a stack spend: CPU time, which a busy machine changes less than it changes how long something takes."""

from __future__ import annotations

from collections.abc import Mapping

import psutil  # type: ignore[import-untyped]

from deploy import Stack


class Spending:
    """Seconds of CPU by process, those of its children with it."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def now(self) -> dict[str, float]:
        pids = {one.name: self._stack.pid(one.name) for one in self._stack.watched()}
        return {name: cpu_seconds(psutil.Process(pid)) for name, pid in pids.items() if pid is not None}

    def since(self, before: Mapping[str, float], events: int) -> dict[str, float]:
        """Microseconds for each event, those of the dearest first."""
        spent = {name: 1e6 * (seconds - before.get(name, 0)) / events for name, seconds in self.now().items()}
        return dict(sorted(spent.items(), key=lambda one: -one[1]))


def cpu_seconds(process: psutil.Process) -> float:
    own = process.cpu_times()
    children = (child.cpu_times() for child in process.children(recursive=True))
    ended = float(own.children_user + own.children_system)
    return ended + sum(float(times.user + times.system) for times in (own, *children))
