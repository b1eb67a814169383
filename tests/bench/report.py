"""What a process that drains a topic prints when it is done: one line of JSON. Imports nothing, so any environment runs it."""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path

BORN = time.perf_counter()


class Stopwatch:
    """Runs from the first event in hand to the last one processed; starting and stopping a process is not in it."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.events = 0
        self._begun = self._ended = 0.0

    def begin(self) -> None:
        """The first call counts."""
        if not self._begun:
            self._begun = time.perf_counter()

    def done(self, events: int) -> bool:
        """That so many more are processed. True once all are."""
        self.events += events
        if self.events < self.wanted:
            return False
        self._ended = self._ended or time.perf_counter()
        return True

    def line(self) -> str:
        """Seconds from first to last, seconds of the whole process, and the most memory it ever held."""
        now = time.perf_counter()
        measured = {
            "events": self.events,
            "seconds": (self._ended or now) - self._begun,
            "process_seconds": now - BORN,
            "rss_mb": peak_rss_mb(),
        }
        return json.dumps(measured)


def peak_rss_mb() -> float:
    """From /proc where there is one: `ru_maxrss` of a spawned process starts at what its parent held."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
