"""A batch of records into a reader's own database: folded, and committed together with the position.

It knows nothing of how the records came. What has been taken already is passed over by offset, and by sequence: a relay
that died after an acknowledgement sends again, at new offsets.
"""

from collections.abc import Sequence

import structlog

from shared.events import UnknownEventType, read_event
from shared.kafka.records import Record
from shared.observability import PARKED, READ
from shared.projection.parked import park
from shared.projection.positions import Fenced, Owned, Positions
from shared.projection.reader import Changes, Reader, Received
from shared.store.event_store import Conflict, EventStore, Unavailable, Write

log = structlog.get_logger()

ATTEMPTS = 5
"""How often a batch is advanced again after somebody else wrote in between."""


class Engine:
    """Takes batches for one reader."""

    def __init__(self, store: EventStore, reader: Reader) -> None:
        self._store = store
        self._reader = reader
        self.positions = Positions(store, reader.name)

    def take(self, owned: Owned, records: Sequence[Record]) -> None:
        """Folds and commits a batch of one partition, in order of offset. Raises Fenced when it is another's by now.

        Where a fold fails, the batch is taken one by one and what still fails is parked.
        """
        fresh = [record for record in records if record.offset >= owned.next_offset]
        if not fresh:
            return
        try:
            self._commit(owned, fresh)
        except (Fenced, *Unavailable):
            raise
        except Exception as error:
            if len(fresh) == 1:
                self._park(owned, fresh[0], error)
            else:
                for record in fresh:
                    self.take(owned, [record])

    def _commit(self, owned: Owned, records: Sequence[Record]) -> None:
        received, unreadable = self._read(owned, records)
        for attempt in range(1, ATTEMPTS + 1):
            changes = self._reader.advance(received) if received else Changes()
            try:
                self._move(owned, records[-1].offset + 1, received, changes, unreadable)
                return
            except Conflict:
                if attempt == ATTEMPTS:
                    raise

    def _move(
        self, owned: Owned, next_offset: int, received: Sequence[Received], changes: Changes, also: Sequence[Write]
    ) -> None:
        sequences = [one.sequence for one in received]
        move = self.positions.move(owned, next_offset, sequences)
        self._store.record(changes.events, (move, *also, *changes.writes))
        owned.next_offset = next_offset
        owned.sequence = sequences[-1] if sequences else owned.sequence
        owned.recent.extend(sequences)
        READ.labels(self._reader.name, owned.topic).inc(len(received))

    def _read(self, owned: Owned, records: Sequence[Record]) -> tuple[list[Received], list[Write]]:
        received: list[Received] = []
        unreadable: list[Write] = []
        last = owned.sequence
        for record in records:
            try:
                one = _received(record)
            except UnknownEventType:
                continue
            except Exception as error:
                unreadable.append(self._parking(record, error))
                continue
            if one.sequence > last:
                received.append(one)
                last = one.sequence
        return received, unreadable

    def _park(self, owned: Owned, record: Record, error: Exception) -> None:
        self._move(owned, record.offset + 1, (), Changes(), (self._parking(record, error),))

    def _parking(self, record: Record, error: Exception) -> Write:
        PARKED.labels(self._reader.name, record.topic).inc()
        log.error("event.parked", reader=self._reader.name, type=record.header("ce_type"), error=type(error).__name__)
        return park(self._reader.name, record, error)


def _received(record: Record) -> Received:
    event = read_event(record.header("ce_type") or "", record.value)
    return Received(record.topic, int(record.header("ce_sequence") or ""), record.header("ce_id") or "", event)
