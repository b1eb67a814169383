"""How far a reader has got, in the reader's own database: offset and sequence for each partition, under an owner epoch.

`anchor` is the `ce_id` of the record before `next_offset`: where another record is there now, the broker's log was replaced,
and only sequences still tell what has been taken.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.clock import Clock, utc_now
from shared.projection.parked import parked_subjects
from shared.projection.parking_limit import COLUMNS, COUNTED, hour_of
from shared.projection.states import States
from shared.store.event_store import EventStore, Write

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS reader_positions (reader text, topic text, partition int, next_offset bigint NOT NULL,"
    " sequence bigint NOT NULL, epoch bigint NOT NULL, recent bigint[] NOT NULL, anchor text,"
    f" switches bigint NOT NULL DEFAULT 0, end_offset bigint, {COLUMNS},"
    " PRIMARY KEY (reader, topic, partition))",
)
_MOVE = f"""
UPDATE reader_positions SET next_offset = %(next_offset)s, sequence = %(sequence)s, recent = %(recent)s, anchor = %(anchor)s,
    {COUNTED}
WHERE reader = %(reader)s AND topic = %(topic)s AND partition = %(partition)s AND epoch = %(epoch)s
    AND next_offset = %(offset)s AND switches = %(switches)s RETURNING 1
""".encode()
REMEMBERED = 256
"""Sequences remembered for each partition, so that a caller can be told whether their own write has been taken."""


class Fenced(Exception):
    """Somebody else owns this partition now; nothing was written."""


class Switched(Exception):
    """A view of this reader is another generation now; nothing was written, and states in memory are of the former."""


@dataclass
class Owned:
    """A partition as its owner knows it. `next_offset` is the first not yet taken, `sequence` the last that was."""

    topic: str
    partition: int
    epoch: int
    next_offset: int
    sequence: int
    recent: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    anchor: str | None = None
    switches: int = 0
    parked: set[bytes] = field(default_factory=set)
    """Subjects of which an event is parked: their later events wait behind it."""

    states: dict[str, States[Any]] = field(default_factory=dict)
    """By view."""


class Positions:
    """One reader's positions."""

    def __init__(self, store: EventStore, reader: str, clock: Clock = utc_now) -> None:
        self._store = store
        self._reader = reader
        self._clock = clock

    def claim(self, topic: str, partition: int) -> Owned:
        """Takes a partition over: whoever owned it before can't move its position any more."""
        with self._store.transaction() as cursor:
            cursor.execute(
                "INSERT INTO reader_positions VALUES (%s, %s, %s, 0, 0, 1, '{}') ON CONFLICT (reader, topic, partition)"
                " DO UPDATE SET epoch = reader_positions.epoch + 1"
                " RETURNING epoch, next_offset, sequence, recent, anchor, switches",
                (self._reader, topic, partition),
            )
            row = cursor.fetchone()
            assert row is not None, "RETURNING gives the row"
            parked = parked_subjects(cursor, self._reader, topic, partition)
        recent = deque(row.pop("recent"), maxlen=REMEMBERED)
        return Owned(topic, partition, recent=recent, parked=parked, **row)

    def start_over(self, owned: Owned) -> None:
        """The log was replaced: it is read from its beginning, and what was taken is passed over by its sequence."""
        with self._store.transaction() as cursor:
            self.move(owned, 0, (), None)(cursor)
        owned.next_offset, owned.anchor = 0, None

    def move(self, owned: Owned, next_offset: int, sequences: Sequence[int], anchor: str | None) -> Write:
        """The row to write with what a batch changes. It raises Fenced where epoch or offset are no longer ours."""
        values = {
            "reader": self._reader,
            "topic": owned.topic,
            "partition": owned.partition,
            "epoch": owned.epoch,
            "offset": owned.next_offset,
            "switches": owned.switches,
            "next_offset": next_offset,
            "sequence": sequences[-1] if sequences else owned.sequence,
            "recent": [*owned.recent, *sequences[-REMEMBERED:]][-REMEMBERED:],
            "anchor": anchor,
            "hour": hour_of(self._clock()),
            "count": len(sequences),
        }

        def write(cursor: Cursor[DictRow]) -> None:
            cursor.execute(_MOVE, values)
            if cursor.fetchone() is None:
                raise self._why_not(cursor, owned)

        return write

    def see_end(self, owned: Owned, end: int) -> None:
        """For whoever asks how far behind this reader is."""
        with self._store.transaction() as cursor:
            cursor.execute(
                "UPDATE reader_positions SET end_offset = %s WHERE reader = %s AND topic = %s AND partition = %s AND epoch = %s"
                " AND end_offset IS DISTINCT FROM %s",
                (end, self._reader, owned.topic, owned.partition, owned.epoch, end),
            )

    def look(self, owned: Owned) -> int:
        """How many switches of views this partition has seen. Raises Fenced where it isn't ours any more."""
        with self._store.transaction() as cursor:
            cursor.execute(
                "SELECT switches FROM reader_positions WHERE reader = %s AND topic = %s AND partition = %s AND epoch = %s",
                (self._reader, owned.topic, owned.partition, owned.epoch),
            )
            row = cursor.fetchone()
        if row is None:
            raise Fenced(f"{owned.topic}/{owned.partition}")
        return int(row["switches"])

    def _why_not(self, cursor: Cursor[DictRow], owned: Owned) -> Exception:
        cursor.execute(
            "SELECT 1 FROM reader_positions WHERE reader = %s AND topic = %s AND partition = %s AND epoch = %s"
            " AND next_offset = %s",
            (self._reader, owned.topic, owned.partition, owned.epoch, owned.next_offset),
        )
        place = f"{owned.topic}/{owned.partition}"
        return Fenced(place) if cursor.fetchone() is None else Switched(place)

    def reached(self, publisher: str, sequence: int) -> bool:
        """Whether the event with this sequence has been taken.

        It has when a partition remembers it, when every partition is past it, or when a partition remembers only later
        ones: it is then at least REMEMBERED events old.
        """
        with self._store.transaction() as cursor:
            cursor.execute(
                "SELECT sequence, recent FROM reader_positions WHERE reader = %s AND topic = %s",
                (self._reader, f"{publisher}.events"),
            )
            rows = cursor.fetchall()
        if any(sequence in row["recent"] for row in rows):
            return True
        if any(len(row["recent"]) == REMEMBERED and sequence < row["recent"][0] for row in rows):
            return True
        return bool(rows) and all(row["sequence"] >= sequence for row in rows)
