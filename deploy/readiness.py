"""Looks at what must answer, and waits for it a bounded time."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from deploy import leftovers
from deploy.failure import CannotStart
from deploy.layout import Layout
from deploy.probes import PROBES
from deploy.program import Watched

GIVE_UP_AFTER_STARTS = 6  # a process that has ended so often while we waited will not come up


@dataclass(frozen=True)
class Status:
    """`problem` is None when all is well."""

    name: str
    pid: int | None
    address: str
    problem: str | None

    @property
    def green(self) -> bool:
        return self.problem is None


def look(layout: Layout, watched: Watched) -> Status:
    pid = leftovers.running(layout.pid_file(watched.name), layout.state) if watched.ours else None
    if watched.ours and pid is None:
        problem: str | None = "not running"
    else:
        problem = PROBES[watched.kind](watched.address)
    return Status(watched.name, pid, watched.address, problem)


def look_at_all(layout: Layout, watched: Iterable[Watched]) -> list[Status]:
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda one: look(layout, one), watched))


def wait(layout: Layout, watched: Iterable[Watched], seconds: float) -> None:
    """Returns once each has been green; else says which were not, and what they logged last."""
    pending, deadline = list(watched), time.monotonic() + seconds
    starts: dict[str, set[int]] = {one.name: set() for one in pending}
    while pending:
        found = {status.name: status for status in look_at_all(layout, pending)}
        pending = [one for one in pending if not found[one.name].green]
        for one in pending:
            starts[one.name].add(found[one.name].pid or 0)
        hopeless = time.monotonic() > deadline or any(len(starts[one.name]) > GIVE_UP_AFTER_STARTS for one in pending)
        if pending and hopeless:
            raise CannotStart(_report(layout, [found[one.name] for one in pending]))
        time.sleep(0.05)


def _report(layout: Layout, red: list[Status]) -> str:
    parts = [f"Not ready: {', '.join(status.name for status in red)}."]
    for status in red:
        parts.append(f"\n{status.name}: {status.problem}\n  log: {layout.log(status.name)}\n{_last_lines(layout, status.name)}")
    return "\n".join(parts)


def _last_lines(layout: Layout, name: str, count: int = 12) -> str:
    log = layout.log(name)
    lines = log.read_text(errors="replace").splitlines()[-count:] if log.exists() else ["(nothing)"]
    return "\n".join(f"    {line[:400]}" for line in lines)
