"""A limit that stops a bad deploy instead of parking everything.

What was read is counted with the position, in the statement that moves it: a process that was started again knows it. It is
counted by the hour of the clock, and of the hour before as much counts as still lies in the window.
"""

from datetime import datetime, timedelta

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.projection.parked import failed_since

COUNT = 20
SHARE = 0.1
WINDOW = timedelta(hours=1)
"""In so long COUNT events may fail, or SHARE of what was read, whichever is more (our default)."""

COLUMNS = "read_hour int NOT NULL DEFAULT 0, read_then bigint NOT NULL DEFAULT 0, read_before bigint NOT NULL DEFAULT 0"
"""Of a position: an hour, and how many events were read in it and in the one before."""

COUNTED = (
    "read_before = CASE read_hour WHEN %s THEN read_before WHEN %s - 1 THEN read_then ELSE 0 END,"
    " read_then = CASE read_hour WHEN %s THEN read_then ELSE 0 END + count, read_hour = %s"
)
HOURS = 4
"""What a position's update sets for `count` events, and how many times it is given the hour in which they were read."""

_READ = """
SELECT coalesce(sum(CASE read_hour WHEN %(hour)s THEN read_then + %(share)s * read_before
                                   WHEN %(hour)s - 1 THEN %(share)s * read_then ELSE 0 END), 0)::bigint AS read
FROM reader_positions WHERE reader = %(reader)s
"""


class TooManyParked(RuntimeError):
    """So many folds fail that it isn't the events' fault: nothing of the batch was written, and the process ends."""


def hour_of(now: datetime) -> int:
    return int(now.timestamp() // WINDOW.total_seconds())


def check(cursor: Cursor[DictRow], reader: str, failing: int, reading: int, now: datetime) -> None:
    """Whether a batch may be written that reads so many events, so many of them failing. Raises TooManyParked."""
    failed = failed_since(cursor, reader, now - WINDOW) + failing
    read = _read(cursor, reader, now) + reading
    if failed > max(COUNT, SHARE * read):
        raise TooManyParked(f"{failed} events have failed, of {read} read")


def _read(cursor: Cursor[DictRow], reader: str, now: datetime) -> int:
    """By every worker of the reader, in the window."""
    share = 1 - now.timestamp() % WINDOW.total_seconds() / WINDOW.total_seconds()
    cursor.execute(_READ, {"reader": reader, "hour": hour_of(now), "share": share})
    row = cursor.fetchone()
    return int(row["read"]) if row else 0
