"""The alerts service behind a real topic: its stream's worker over a database, what it has taken, and what it has sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

from services.alerts import stream
from services.alerts.application.intake import Intake
from services.alerts.application.staff import Staff
from services.alerts.views import members
from services.checkins import domain
from shared.kafka.topics import PARTITIONS
from shared.kafka.worker import StreamWorker
from shared.projection.generations import Generations
from shared.projection.reader import Changed, Changes
from shared.projection.view import Effect, View
from shared.store.event_store import EventStore
from shared.store.events import PrivateEvent
from tests.alerts.world import TABLES, Receiver, World
from tests.kafka.streaming import MEMBERS, NOW, PATIENCE, end_of, records_of, working

KEY = b"k" * 32


def reader_of(topic: str) -> str:
    """A name of its own: a group whose member comes back with another topic is dealt what it had."""
    return f"{stream.READER}-{topic.removesuffix('.events')}"


class MembersOf:
    """What alerts follows, from a topic of the test's own."""

    def __init__(self, topic: str, intake: Intake) -> None:
        self.name = reader_of(topic)
        self._alerts = stream.MemberReader(intake)
        self.views: Sequence[View[Any]] = (replace(members.VIEW, topic=topic),)

    def follow(self, effects: Sequence[Effect], changed: Changed) -> Changes:
        return self._alerts.follow(effects, changed)


@asynccontextmanager
async def alerts_of(url: str, topic: str, kafka: str) -> AsyncIterator[World]:
    """The service with its stream running, and nobody connected to its database afterwards."""
    with EventStore("alerts", url, TABLES) as store:
        world = World(url, store, reader_of(topic))
        world.key, world.staff = KEY, Staff(store, KEY, world.clock, local=True)
        reader = MembersOf(topic, world.intake)
        Generations(reader.name, reader.views).prepare(store)
        async with world.leases.pool, working(StreamWorker(reader, store, url, kafka)):
            yield world


async def taken(world: World, store: EventStore, events: list[PrivateEvent], topic: str, kafka: str) -> None:
    """Returns when everything that was ever stored is relayed and taken."""
    await asyncio.to_thread(store.record, events)
    last = await asyncio.to_thread(store.postgres.max_notification_id) or 0
    await records_of(kafka, topic, last)
    end = await end_of(kafka, topic)
    query = "SELECT coalesce(sum(next_offset), 0)::int AS n FROM reader_positions WHERE topic = %s HAVING count(*) = %s"
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(world.rows, query, topic, PARTITIONS) != [{"n": end}]:
            await asyncio.sleep(0.05)


async def delivered(world: World, receiver: Receiver, count: int) -> None:
    async with world.dispatching():
        await receiver.until(count)
        async with asyncio.timeout(PATIENCE):
            while await asyncio.to_thread(world.rows, "SELECT FROM deliveries WHERE state = 'owed'"):
                await asyncio.sleep(0.05)


def asking(count: int) -> list[PrivateEvent]:
    return [domain.CheckIn(uuid4(), one, NOW, mood=3, wants_contact=True).record(NOW, b"sealed") for one in MEMBERS[:count]]
