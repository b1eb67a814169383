"""A reader's service at its start: the erasures that its database has missed, applied as its stream would.

What Kafka takes is imported when it is read: an API is back without it.
"""

import asyncio
from collections.abc import Sequence

from shared.projection.reader import ForgettingReader
from shared.store.erasures import Erased, not_yet
from shared.store.event_store import Conflict, EventStore
from shared.store.reapplying import Reapplying

ATTEMPTS = 5


def reapplying_of(bootstrap: str, store: EventStore, reader: ForgettingReader) -> Reapplying:
    async def once() -> None:
        from shared.kafka.missed_erasures import missed_by_reader

        missed = await missed_by_reader(bootstrap, store, reader.name)
        if missed:
            await asyncio.to_thread(apply, store, reader, missed)

    return Reapplying(once)


def apply(store: EventStore, reader: ForgettingReader, missed: Sequence[Erased]) -> None:
    """Raises Conflict where others write about the same again and again."""
    for attempt in range(1, ATTEMPTS + 1):
        if not (gone := not_yet(store, missed)):
            return
        changes = reader.forget(gone)
        try:
            store.record(changes.events, changes.writes)
        except Conflict:
            if attempt == ATTEMPTS:
                raise
        else:
            return
