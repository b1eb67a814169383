"""A limit that stops a bad deploy instead of parking everything."""

from collections import deque
from datetime import datetime, timedelta

COUNT = 20
SHARE = 0.1
WINDOW = timedelta(hours=1)
"""In so long COUNT events may fail, or SHARE of what was read, whichever is more (our default)."""


class TooManyParked(RuntimeError):
    """So many folds fail that it isn't the events' fault: nothing of the batch was written, and the process ends."""


class ParkingLimit:
    """Counts what was read in the window; what failed in it is counted by the table, which a restart doesn't empty."""

    def __init__(self) -> None:
        self._read: deque[tuple[datetime, int]] = deque()
        self._total = 0

    def read(self, count: int, now: datetime) -> None:
        self._read.append((now, count))
        self._total += count
        while self._read[0][0] <= now - WINDOW:
            self._total -= self._read.popleft()[1]

    def check(self, failed_before: int, failing: int) -> None:
        """Raises TooManyParked."""
        failed = failed_before + failing
        if failed > max(COUNT, SHARE * self._total):
            raise TooManyParked(f"{failed} events have failed, of {self._total} read")
