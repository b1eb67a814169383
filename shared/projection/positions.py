"""How far a reader has got, in the reader's own database: offset and sequence for each partition, under an owner epoch.

`anchor` is the `ce_id` of the record before `next_offset`: where another record is there now, the broker's log was replaced,
and only sequences still tell what has been taken.
"""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.clock import Clock, utc_now
from shared.projection.parked import parked_subjects
from shared.projection.parking_limit import COLUMNS, COUNTED, HOURS, hour_of
from shared.projection.states import States
from shared.store.event_store import EventStore, Write

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS reader_positions (reader text, topic text, partition int, next_offset bigint NOT NULL,"
    " sequence bigint NOT NULL, epoch bigint NOT NULL, recent bigint[] NOT NULL, anchor text,"
    f" switches bigint NOT NULL DEFAULT 0, end_offset bigint, {COLUMNS},"
    " PRIMARY KEY (reader, topic, partition))",
)
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

    states: dict[str, States] = field(default_factory=dict)
    """By view."""

    from_the_beginning: bool = False
    """Nothing of the topic was taken before it was claimed, and nothing has failed since."""

    def forget_states(self) -> None:
        """What was folded and couldn't be stored isn't in memory either."""
        self.states.clear()
        self.from_the_beginning = False


@dataclass(frozen=True)
class Move:
    """Where a partition is after a batch of `count` events; `taken` are the last sequences of it, at most REMEMBERED."""

    owned: Owned
    next_offset: int
    anchor: str | None
    taken: Collection[int] = ()
    count: int = 0

    @property
    def recent(self) -> list[int]:
        return [*self.owned.recent, *self.taken][-REMEMBERED:]

    @property
    def sequence(self) -> int:
        return self.recent[-1] if self.taken else self.owned.sequence

    def row(self) -> tuple[object, ...]:
        """As _MOVE calls them `wanted`."""
        owned, recent = self.owned, f"{{{','.join(map(str, self.recent))}}}"
        before = (owned.topic, owned.partition, owned.epoch, owned.next_offset, owned.switches)
        return (*before, self.next_offset, self.sequence, recent, self.anchor, self.count)


_MOVE = f"""
WITH wanted AS (
    SELECT * FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
        %s::text[], %s::text[], %s::bigint[])
    AS w (topic, partition, epoch, before, switches, after, sequence, recent, anchor, count)
), held AS (
    SELECT topic, partition FROM reader_positions
    WHERE reader = %s AND (topic, partition) IN (SELECT topic, partition FROM wanted) ORDER BY topic, partition FOR UPDATE
)
UPDATE reader_positions p SET next_offset = after, sequence = w.sequence, recent = w.recent::bigint[], anchor = w.anchor,
    {COUNTED}
FROM wanted w JOIN held USING (topic, partition)
WHERE p.reader = %s AND p.topic = w.topic AND p.partition = w.partition AND p.epoch = w.epoch AND p.next_offset = before
    AND p.switches = w.switches
RETURNING p.topic, p.partition
""".encode()
"""Held in order first: whoever holds several at once, as a switch does, would wait for us and we for them."""

_ENDS = b"""
UPDATE reader_positions p SET end_offset = e.end_offset
FROM unnest(%s::text[], %s::int[], %s::bigint[]) AS e (topic, partition, end_offset)
JOIN (SELECT topic, partition FROM reader_positions WHERE reader = %s FOR UPDATE SKIP LOCKED) free USING (topic, partition)
WHERE p.reader = %s AND p.topic = e.topic AND p.partition = e.partition AND p.end_offset IS DISTINCT FROM e.end_offset
"""


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
                " RETURNING epoch, next_offset, sequence, recent, anchor, switches, NOT EXISTS (SELECT FROM reader_positions"
                "  WHERE reader = %s AND topic = %s AND (next_offset > 0 OR sequence > 0)) AS from_the_beginning",
                (self._reader, topic, partition, self._reader, topic),
            )
            row = cursor.fetchone()
            assert row is not None, "RETURNING gives the row"
            parked = parked_subjects(cursor, self._reader, topic, partition)
        recent = deque(row.pop("recent"), maxlen=REMEMBERED)
        return Owned(topic, partition, recent=recent, parked=parked, **row)

    def start_over(self, owned: Owned) -> None:
        """The log was replaced: it is read from its beginning, and what was taken is passed over by its sequence."""
        with self._store.transaction() as cursor:
            self.moved([Move(owned, 0, None)])(cursor)
        owned.next_offset, owned.anchor = 0, None

    def moved(self, moves: Sequence[Move]) -> Write:
        """The rows to write with what batches change. It raises Fenced where an epoch or offset is no longer ours, Switched
        where a view is another by now."""
        hour = hour_of(self._clock())

        def write(cursor: Cursor[DictRow]) -> None:
            columns = [list(column) for column in zip(*(move.row() for move in moves), strict=True)]
            cursor.execute(_MOVE, (*columns, self._reader, *[hour] * HOURS, self._reader))
            done = {(row["topic"], row["partition"]) for row in cursor.fetchall()}
            for owned in [move.owned for move in moves if (move.owned.topic, move.owned.partition) not in done]:
                raise self._why_not(cursor, owned)

        return write

    def see_ends(self, ends: Mapping[tuple[str, int], int]) -> None:
        """For whoever asks how far behind this reader is; what is just being moved is left for the next time."""
        columns = [list(column) for column in zip(*((*place, end) for place, end in ends.items()), strict=True)]
        with self._store.transaction() as cursor:
            cursor.execute(_ENDS, (*columns, self._reader, self._reader))

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
