"""A batch of records into a reader's own database: folded, and committed together with the position.

It knows nothing of how the records came. What has been taken already is passed over by offset, and by sequence: a relay
that died after an acknowledgement sends again, at new offsets. Without a `follow`, effects are nobody's: that is replay.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from psycopg import Cursor
from psycopg.rows import DictRow

from shared.clock import Clock, utc_now
from shared.kafka.records import Readable
from shared.observability import PARKED, READ
from shared.projection import parked, parking_limit
from shared.projection.batch import UNREADABLE, Entry, Folding, read_batch
from shared.projection.generations import Generations
from shared.projection.parking_limit import TooManyParked
from shared.projection.positions import Fenced, Owned, Positions, Switched
from shared.projection.reader import Changed, Changes
from shared.projection.states import States
from shared.projection.tables import Table
from shared.projection.view import Effect, Key, View
from shared.store.event_store import Conflict, EventStore, Unavailable, Write

log = structlog.get_logger()

ATTEMPTS = 5
"""How often what follows from a batch is decided again after somebody else wrote in between."""

Follow = Callable[[Sequence[Effect], Changed], Changes]
Tables = Callable[[Cursor[DictRow]], dict[str, Table[Any]]]


def nothing_follows(effects: Sequence[Effect], changed: Changed) -> Changes:
    return Changes()


class Engine:
    """Takes batches for one reader. Its methods block; those of one partition are called one after the other.

    `beside` names the live reader beside which a view is built anew: what that one has parked or dropped isn't folded.
    """

    def __init__(
        self,
        store: EventStore,
        name: str,
        views: Sequence[View[Any]],
        follow: Follow = nothing_follows,
        tables: Tables | None = None,
        clock: Clock = utc_now,
        beside: str | None = None,
    ) -> None:
        self._store = store
        self._name = name
        self._views = views
        self._follow = follow
        self._find_tables = tables or Generations(name, views).live
        self._tables: dict[str, Table[Any]] = {}
        self._clock = clock
        self._beside = beside
        self.positions = Positions(store, name, clock)

    def claim(self, topic: str, partition: int) -> Owned:
        """Takes a partition over, with nothing in memory."""
        owned = self.positions.claim(topic, partition)
        with self._store.transaction() as cursor:
            self._tables = self._find_tables(cursor)
        return owned

    def take(self, owned: Owned, records: Sequence[Readable]) -> None:
        """Folds and commits a batch of one partition, in order of offset. Raises Fenced when it is another's by now.

        An event that can't be read or folded is parked, and so is one that nothing can follow from; raises TooManyParked
        where these are too many.
        """
        fresh = [record for record in records if record.offset >= owned.next_offset] if _overlaps(owned, records) else records
        if not fresh:
            return
        try:
            self._take(owned, fresh, read_batch(fresh, owned.sequence, self._views_of(owned.topic)))
        except (Fenced, TooManyParked, *Unavailable):
            raise
        except Switched:
            self._reload(owned)
            self.take(owned, fresh)
        except Exception as error:
            if len(fresh) > 1:
                self.take(owned, fresh[: len(fresh) // 2])
                self.take(owned, fresh[len(fresh) // 2 :])
            else:
                self._take(owned, fresh, [(fresh[0], _sequence(fresh[0]), error, ())])

    def pass_over(self, owned: Owned, next_offset: int) -> None:
        """Moves the position past records that aren't for this reader."""
        self._store.record((), (self.positions.move(owned, next_offset, (), None),))
        owned.next_offset, owned.anchor = next_offset, None

    def retry(self, owned: Owned, everything: bool = False) -> None:
        """Folds again, in order, what is parked and due; a subject without anything parked flows on. With `everything`, due
        or not: a release that can fold it may just have started."""
        place = (self._name, owned.topic, owned.partition)
        with self._store.transaction() as cursor:
            owned.parked &= parked.parked_subjects(cursor, *place)
            due = owned.parked if everything else parked.due(cursor, *place, self._clock())
        for subject in list(due):
            self._retry_subject(owned, subject)

    def _retry_subject(self, owned: Owned, subject: bytes) -> None:
        while True:
            with self._store.transaction() as cursor:
                first = parked.first_of(cursor, self._name, owned.topic, owned.partition, subject)
            if first is None:
                owned.parked.discard(subject)
                return
            if not self._retry_one(owned, *first):
                return

    def _retry_one(self, owned: Owned, id_: int, record: Readable) -> bool:
        """Whether it was folded. The position stays; the move holds the fence."""
        try:
            folding = self._fold(owned, read_batch([record], UNREADABLE - 1, self._views_of(owned.topic)), set())
            if folding.parkings:
                raise folding.parkings[0].error or RuntimeError("parked without an error")
            hold = self.positions.move(owned, owned.next_offset, (), owned.anchor)
            self._commit(owned, folding, (hold, parked.unpark(id_)))
        except Switched:
            self._reload(owned)
            return self._retry_one(owned, id_, record)
        except (Fenced, *Unavailable):
            raise
        except Exception as error:
            again = parked.failed_again(id_, error, parked.headers_of(record).get("ce_type", ""), self._clock())
            self._store.record((), (again,))
            return False
        return True

    def _take(self, owned: Owned, records: Sequence[Readable], entries: Sequence[Entry]) -> None:
        folding = self._fold(owned, entries, set(owned.parked))
        next_offset, anchor = records[-1].offset + 1, parked.headers_of(records[-1]).get("ce_id")
        taken = [sequence for _, sequence, _, _ in entries if sequence != UNREADABLE]
        move = self.positions.move(owned, next_offset, taken, anchor)
        self._commit(owned, folding, (move, *self._parking(folding)))
        owned.next_offset, owned.anchor, owned.parked = next_offset, anchor, folding.parked
        owned.sequence = taken[-1] if taken else owned.sequence
        owned.recent.extend(taken)
        READ.labels(self._name, owned.topic).inc(len(folding.sequences))

    def _fold(self, owned: Owned, entries: Sequence[Entry], waiting: set[bytes]) -> Folding:
        views = self._views_of(owned.topic)
        states = [self._states(owned, view, n, entries) for n, view in enumerate(views)]
        folding = Folding(views, states, waiting, self._settled(owned, entries))
        folding.fold(entries)
        return folding

    def _settled(self, owned: Owned, entries: Sequence[Entry]) -> Mapping[int, bool]:
        if not (self._beside and entries):
            return {}
        sequences = [sequence for _, sequence, _, _ in entries]
        with self._store.transaction() as cursor:
            return parked.settled(cursor, self._beside, owned.topic, owned.partition, min(sequences), max(sequences))

    def _states(self, owned: Owned, view: View[Any], n: int, entries: Sequence[Entry]) -> dict[Key, Any]:
        """The state of every key that the entries need, from memory or from the table."""
        remembered = owned.states.setdefault(view.name, States())
        keys = {key for _, _, _, keys in entries if keys and (key := keys[n]) is not None}
        found, missing = remembered.find(keys)
        if missing:
            with self._store.transaction() as cursor:
                found |= self._tables[view.name].load(cursor, missing)
        return found

    def _commit(self, owned: Owned, folding: Folding, writes: Sequence[Write]) -> None:
        """States first: the events table is locked from its insert to the commit."""
        pairs = [(self._tables[view.name], changed) for view, changed in zip(folding.views, folding.changed, strict=True)]
        stored = [_put(table, changed) for table, changed in pairs if changed]
        for attempt in range(1, ATTEMPTS + 1):
            follows = self._follow(folding.effects, folding.changed_by_name) if folding.effects else Changes()
            try:
                self._store.record(follows.events, (*writes, *stored, *follows.writes))
                break
            except Conflict:
                if attempt == ATTEMPTS:
                    raise
        for view, states in zip(folding.views, folding.states, strict=True):
            owned.states[view.name].put(states)

    def _parking(self, folding: Folding) -> tuple[Write, ...]:
        if not folding.parkings:
            return ()
        now = self._clock()
        with self._store.transaction() as cursor:
            parking_limit.check(cursor, self._name, folding.failing, len(folding.sequences) + len(folding.parkings), now)
        for one in folding.parkings:
            error = type(one.error).__name__ if one.error else None
            PARKED.labels(self._name, one.record.topic).inc()
            log.error("event.parked", reader=self._name, type=parked.headers_of(one.record).get("ce_type"), error=error)
        return (parked.park(self._name, folding.parkings, now),)

    def _reload(self, owned: Owned) -> None:
        fresh = self.positions.look(owned)
        with self._store.transaction() as cursor:
            self._tables = self._find_tables(cursor)
        owned.states.clear()
        owned.switches = fresh

    def _views_of(self, topic: str) -> list[View[Any]]:
        return [view for view in self._views if view.topic == topic]


def _overlaps(owned: Owned, records: Sequence[Readable]) -> bool:
    return bool(records) and records[0].offset < owned.next_offset


def _sequence(record: Readable) -> int:
    said = parked.headers_of(record).get("ce_sequence", "")
    return int(said) if said.isascii() and said.isdigit() else UNREADABLE


def _put(table: Table[Any], changed: dict[Key, Any]) -> Write:
    return lambda cursor: table.write(cursor, changed)
