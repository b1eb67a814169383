"""A batch of records into a reader's own database: folded, and committed together with the position.

It knows nothing of how the records came. What has been taken already is passed over by offset, and by sequence: a relay
that died after an acknowledgement sends again, at new offsets. Without a `follow`, effects are nobody's: that is replay.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from threading import Lock
from typing import Any

import structlog
from psycopg import Cursor
from psycopg.rows import DictRow

from shared.clock import Clock, utc_now
from shared.garbage import uncollected
from shared.kafka.records import Readable
from shared.observability import PARKED, READ
from shared.projection import parked, parking_limit
from shared.projection.batch import UNREADABLE, Entry, Folding, read_batch
from shared.projection.generations import Generations
from shared.projection.parked import Parking
from shared.projection.parking_limit import TooManyParked
from shared.projection.positions import Fenced, Move, Owned, Positions, Switched
from shared.projection.reader import Changed, Changes
from shared.projection.states import Cell, States
from shared.projection.tables import Table
from shared.projection.taken import Taken, changed_of, sequence_of
from shared.projection.view import Effect, Key, View
from shared.store.event_store import Conflict, EventStore, Unavailable, Write

log = structlog.get_logger()

ATTEMPTS = 5
"""How often what follows from a batch is decided again after somebody else wrote in between."""

CHUNK = 2_000
"""Records in hand at once: more of them only cost memory, and the time to get it."""

Batch = tuple[Owned, Iterable[Readable]]
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
        self._one_folds = Lock()
        self._clock = clock
        self._beside = beside
        self.positions = Positions(store, name, clock)

    def claim(self, topic: str, partition: int) -> Owned:
        """Takes a partition over, with nothing in memory."""
        owned = self.positions.claim(topic, partition)
        with self._store.transaction() as cursor:
            self._tables = self._find_tables(cursor)
        return owned

    def take(self, owned: Owned, records: Iterable[Readable]) -> None:
        """Folds and commits a batch of one partition, in order of offset. Raises Fenced when it is another's by now.

        An event that can't be read or folded is parked, and so is one that nothing can follow from; raises TooManyParked
        where these are too many. `records` may be iterated more than once, and is only held a few at a time.
        """
        try:
            self._take([(owned, records)])
        except (Fenced, TooManyParked, *Unavailable):
            raise
        except Switched:
            self._reload(owned)
            self.take(owned, records)
        except Exception as error:
            if self.positions.look(owned) != owned.switches:  # the table may be gone with its generation
                self._reload(owned)
                self.take(owned, records)
                return
            fresh = [record for record in records if record.offset >= owned.next_offset]
            if len(fresh) > 1:
                self.take(owned, fresh[: len(fresh) // 2])
                self.take(owned, fresh[len(fresh) // 2 :])
            else:
                self._park(owned, fresh[0], error)

    def take_together(self, batches: Sequence[Batch]) -> None:
        """As `take`, for several partitions in one commit. Raises Fenced where any is another's by now; take each by itself
        then."""
        try:
            self._take(batches)
        except (Fenced, TooManyParked, *Unavailable):
            raise
        except Exception:
            for owned, records in batches:
                self.take(owned, records)

    def pass_over(self, owned: Owned, next_offset: int) -> None:
        """Moves the position past what isn't for this reader. Raises Fenced when the partition is another's by now."""
        try:
            self._store.record((), (self.positions.moved([Move(owned, next_offset, None)]),))
        except Switched:
            self._reload(owned)
            return self.pass_over(owned, next_offset)
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
        folding = self._folding(owned, waiting=set(), last=UNREADABLE - 1)
        try:
            with _forgetting(owned):
                self._fold(owned, folding, [record])
                if folding.parkings:
                    raise folding.parkings[0].error or RuntimeError("parked without an error")
                hold = self.positions.moved([Move(owned, owned.next_offset, owned.anchor)])
                self._commit([(owned, folding)], (hold, parked.unpark(id_)))
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

    def _take(self, batches: Sequence[Batch]) -> None:
        """Whatever it raises, nothing was written."""
        with _forgetting(*(owned for owned, _ in batches)):
            taken = [one for owned, records in batches if (one := self._folded(owned, records))]
            if taken:
                self._commit([(one.owned, one.folding) for one in taken], self._writes(taken))
        for one in taken:
            self._settle(one)

    def _park(self, owned: Owned, record: Readable, error: Exception) -> None:
        """Nothing can follow from it, so it isn't folded either."""
        folding = self._folding(owned, set(owned.parked), owned.sequence)
        folding.refuse(record, sequence_of(record, owned.sequence), error)
        one = Taken(owned, folding, 1, record)
        self._commit([(owned, folding)], self._writes([one]))
        self._settle(one)

    def _settle(self, one: Taken) -> None:
        """Once it is committed."""
        one.settle()
        READ.labels(self._name, one.owned.topic).inc(one.folding.folded)

    def _folded(self, owned: Owned, records: Iterable[Readable]) -> Taken | None:
        """None where all of them were taken before. One thread at a time: two would wait for Python's lock, and while one
        partition's batch is stored another's can be folded."""
        with self._one_folds, uncollected():
            return self._folded_alone(owned, records)

    def _folded_alone(self, owned: Owned, records: Iterable[Readable]) -> Taken | None:
        folding, coming = self._folding(owned, set(owned.parked), owned.sequence), iter(records)
        count, last = 0, None
        while chunk := list(islice(coming, CHUNK)):
            if chunk := _fresh(owned, chunk):
                self._fold(owned, folding, chunk)
                count, last = count + len(chunk), chunk[-1]
        return Taken(owned, folding, count, last) if last else None

    def _folding(self, owned: Owned, waiting: set[bytes], last: int) -> Folding:
        return Folding(owned.topic, owned.partition, self._views_of(owned.topic), waiting, last)

    def _fold(self, owned: Owned, folding: Folding, records: Sequence[Readable]) -> None:
        entries = read_batch(records, folding.last, folding.views)
        if not entries:
            return
        cells = [self._cells(owned, view, [keys[n] for _, _, _, keys in entries]) for n, view in enumerate(folding.views)]
        folding.fold(entries, cells, self._settled(owned, entries))

    def _settled(self, owned: Owned, entries: Sequence[Entry]) -> Mapping[int, bool]:
        if not self._beside:
            return {}
        sequences = [sequence for _, sequence, _, _ in entries]
        with self._store.transaction() as cursor:
            return parked.settled(cursor, self._beside, owned.topic, owned.partition, min(sequences), max(sequences))

    def _cells(self, owned: Owned, view: View[Any], keys: Sequence[Key | None]) -> list[Cell | None]:
        """The cell of each key, its state from memory or from the table."""
        states = owned.states.get(view.name)
        if states is None:
            states = owned.states[view.name] = States(owned.from_the_beginning)
        cells = [states.cell(key) for key in keys]
        if states.missing:
            with self._store.transaction() as cursor:
                loaded = self._tables[view.name].load(cursor, states.missing)
            for key, state in loaded.items():
                states.missing[key].loaded(state)
            states.missing.clear()
        return cells

    def _commit(self, foldings: Sequence[tuple[Owned, Folding]], writes: Sequence[Write]) -> None:
        """States first: the events table is locked from its insert to the commit."""
        changed = changed_of(foldings)
        effects = [effect for _, folding in foldings for effect in folding.effects]
        stored = [_put(self._tables[view], cells) for view, cells in changed.items()]
        by_name = {view: {cell.key: cell.state for cell in cells} for view, cells in changed.items()} if effects else {}
        for attempt in range(1, ATTEMPTS + 1):
            follows = self._follow(effects, by_name) if effects else Changes()
            try:
                self._store.record(follows.events, (*writes, *stored, *follows.writes))
                break
            except Conflict:
                if attempt == ATTEMPTS:
                    raise
        for cell in chain.from_iterable(changed.values()):
            cell.has_row, cell.changed = cell.state is not None, False
        for owned, _ in foldings:
            for states in owned.states.values():
                states.rotate()

    def _writes(self, taken: Sequence[Taken]) -> tuple[Write, ...]:
        parkings = [parking for one in taken for parking in one.folding.parkings]
        moved = self.positions.moved([one.move for one in taken])
        ending = [one.folding for one in taken if one.folding.ended]
        ended = [parked.end(self._name, folding.topic, folding.partition, folding.ended) for folding in ending]
        return (moved, *ended, *self._parking(parkings, sum(one.count for one in taken)))

    def _parking(self, parkings: Sequence[Parking], reading: int) -> tuple[Write, ...]:
        if not parkings:
            return ()
        now = self._clock()
        with self._store.transaction() as cursor:
            failing = sum(one.error is not None for one in parkings)
            parking_limit.check(cursor, self._name, failing, reading, now)
        for one in parkings:
            PARKED.labels(self._name, one.record.topic).inc()
            if one.error:  # what waits behind it is told by its number
                type_, error = parked.headers_of(one.record).get("ce_type"), type(one.error).__name__
                log.error("event.parked", reader=self._name, type=type_, error=error)
        return (parked.park(self._name, parkings, now),)

    def _reload(self, owned: Owned) -> None:
        fresh = self.positions.look(owned)
        with self._store.transaction() as cursor:
            self._tables = self._find_tables(cursor)
        owned.forget_states()
        owned.switches = fresh

    def _views_of(self, topic: str) -> list[View[Any]]:
        return [view for view in self._views if view.topic == topic]


@contextmanager
def _forgetting(*several: Owned) -> Iterator[None]:
    """Whatever isn't stored in the end."""
    try:
        yield
    except BaseException:
        for owned in several:
            owned.forget_states()
        raise


def _fresh(owned: Owned, records: list[Readable]) -> list[Readable]:
    if records[0].offset >= owned.next_offset:
        return records
    return [record for record in records if record.offset >= owned.next_offset]


def _put(table: Table[Any], cells: Sequence[Cell]) -> Write:
    return lambda cursor: table.write(cursor, cells)
