"""A service's history to Kafka once more: after its topic was lost, or on a broker that is empty.

The stored position is set back, and whoever leads goes on from there: a relay that runs already, or this process. Nothing
is stopped for it, and a reader takes no event twice, since each comes under the sequence that it had.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from shared.kafka.relay import Relay, Translate
from shared.kafka.relay_position import RelayPosition
from shared.kafka.topics import ensure_topics, heads_beside
from shared.settings import Common
from shared.store.event_store import EventStore

LOOK_SECONDS = 0.2


class NothingThere(ValueError):
    """A position beyond everything that is stored."""


@dataclass(frozen=True)
class Progress:
    """Sequences, not records: what is nobody else's business is counted, and never sent."""

    start: int
    end: int
    position: int
    seconds: float

    @property
    def done(self) -> bool:
        return self.position >= self.end

    @property
    def percent(self) -> float:
        return 100 * self.events / (self.end - self.start) if self.end > self.start else 100.0

    @property
    def events(self) -> int:
        return min(self.position, self.end) - self.start

    @property
    def events_per_second(self) -> float:
        return self.events / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """None where nothing has moved yet."""
        return (self.end - self.start - self.events) / self.events_per_second if self.events_per_second else None


async def republish(common: Common, store: EventStore, topic: str, translate: Translate, start: int) -> AsyncIterator[Progress]:
    """Sends again what was stored after `start`, and tells how far it is; the last one told is done.

    Raises NothingThere, aiokafka's KafkaError where the broker isn't reached, and what ends a relay.
    """
    end = await asyncio.to_thread(store.postgres.max_notification_id) or 0
    if start > end:
        raise NothingThere(f"{common.service} has stored events up to {end}, and none at {start}")
    await ensure_topics(common.kafka, [topic, heads_beside(topic)])
    position = RelayPosition(store, topic)
    await asyncio.to_thread(position.set_back, start)
    standby = asyncio.create_task(Relay(store, common.database_url, topic, translate, common.kafka).run())
    try:
        async for progress in _watched(position, start, end, standby):
            yield progress
    finally:
        standby.cancel()
        with suppress(asyncio.CancelledError):
            await standby


async def _watched(position: RelayPosition, start: int, end: int, standby: asyncio.Task[None]) -> AsyncIterator[Progress]:
    begun = time.monotonic()
    while True:
        reached = await asyncio.to_thread(position.get)
        progress = Progress(start, end, max(reached, start), time.monotonic() - begun)
        yield progress
        if progress.done:
            return
        await asyncio.wait([standby], timeout=LOOK_SECONDS)
        if standby.done():
            standby.result()
