"""A consumer's database put back to an older backup reads on from there, to the same rows and under the same webhook-ids."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

from deploy.postgres import database_url as url_of
from services.alerts import stream
from services.alerts.application.intake import Intake
from services.alerts.application.staff import Staff
from services.alerts.views import members
from services.checkins import domain
from services.checkins.relay import translate
from shared.kafka.relay import Relay
from shared.kafka.topics import PARTITIONS
from shared.kafka.worker import StreamWorker
from shared.projection.generations import Generations
from shared.projection.reader import Changed, Changes
from shared.projection.view import Effect, View
from shared.store.event_store import EventStore
from shared.store.events import PrivateEvent
from tests.alerts.world import TABLES, Receiver, World, listening
from tests.kafka.membership import enrolments, erasures
from tests.kafka.streaming import MEMBERS, NOW, PATIENCE, end_of, records_of, working
from tests.kafka.test_relay import check_ins, relaying

RAISED = "SELECT id, member, tier, state FROM alerts ORDER BY id"
OWED = "SELECT id, alert, supporter, endpoint, type, sequence, body FROM deliveries ORDER BY id"
KEY = b"k" * 32
VIEW = "SELECT * FROM members ORDER BY member"


class MembersOf:
    """What alerts follows, from a topic of the test's own."""

    name = stream.READER

    def __init__(self, topic: str, intake: Intake) -> None:
        self._alerts = stream.MemberReader(intake)
        self.views: Sequence[View[Any]] = (replace(members.VIEW, topic=topic),)

    def follow(self, effects: Sequence[Effect], changed: Changed) -> Changes:
        return self._alerts.follow(effects, changed)


async def test_a_restored_backup_catches_up_to_the_same_rows_and_webhook_ids(
    new_database: Callable[[], str], postgres: str, store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    never, backup = new_database(), f"backup_{uuid4().hex}"
    async with listening(Receiver()) as receiver, relaying(Relay(store, database_url, topic, translate, kafka)):
        async with _alerts(never, topic, kafka) as world:
            world.supporter(receiver)
            await _taken(world, store, [*enrolments(), *_asking(5), *check_ins(60)], topic, kafka)
            await _delivered(world, receiver, 5)
        await asyncio.to_thread(_copy, postgres, never, backup)
        async with _alerts(never, topic, kafka) as world:
            unasked = erasures(MEMBERS[-3:])  # about whom nothing is open
            await _taken(world, store, [*check_ins(60), *_asking(7), *unasked], topic, kafka)
            await _delivered(world, receiver, 12)
            expected = [world.rows(query) for query in (RAISED, OWED, VIEW)]
        first, receiver.got = receiver.got, []
        async with _alerts(url_of(postgres, backup), topic, kafka) as world:
            assert len(world.rows(RAISED)) == 5
            await _taken(world, store, [], topic, kafka)
            await _delivered(world, receiver, 7)
            assert [world.rows(query) for query in (RAISED, OWED, VIEW)] == expected
    assert {one["id"] for one in receiver.got} == {one["id"] for one in first[5:]}


@asynccontextmanager
async def _alerts(url: str, topic: str, kafka: str) -> AsyncIterator[World]:
    """The service with its stream running, and nobody connected to its database afterwards."""
    with EventStore("alerts", url, TABLES) as store:
        world = World(url, store)
        world.key, world.staff = KEY, Staff(store, KEY, world.clock, local=True)
        reader = MembersOf(topic, world.intake)
        Generations(reader.name, reader.views).prepare(store)
        async with world.leases.pool, working(StreamWorker(reader, store, url, kafka)):
            yield world


def _copy(admin: str, source: str, copy: str) -> None:
    """As a backup does; PostgreSQL refuses while anybody is connected."""
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {copy} TEMPLATE {urlsplit(source).path[1:]}".encode())


async def _taken(world: World, store: EventStore, events: list[PrivateEvent], topic: str, kafka: str) -> None:
    """Returns when everything that was ever stored is relayed and taken."""
    await asyncio.to_thread(store.record, events)
    last = await asyncio.to_thread(store.postgres.max_notification_id) or 0
    await records_of(kafka, topic, last)
    end = await end_of(kafka, topic)
    query = "SELECT coalesce(sum(next_offset), 0)::int AS n FROM reader_positions WHERE topic = %s HAVING count(*) = %s"
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(world.rows, query, topic, PARTITIONS) != [{"n": end}]:
            await asyncio.sleep(0.05)


async def _delivered(world: World, receiver: Receiver, count: int) -> None:
    async with world.dispatching():
        await receiver.until(count)
        async with asyncio.timeout(PATIENCE):
            while await asyncio.to_thread(world.rows, "SELECT FROM deliveries WHERE state = 'owed'"):
                await asyncio.sleep(0.05)


def _asking(count: int) -> list[PrivateEvent]:
    return [domain.CheckIn(uuid4(), one, NOW, mood=3, wants_contact=True).record(NOW, b"sealed") for one in MEMBERS[:count]]
