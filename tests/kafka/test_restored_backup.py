"""A consumer's database put back to an older backup reads on from there, to the same rows and under the same webhook-ids."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

from deploy.postgres import database_url as url_of
from services.checkins.relay import translate
from shared.kafka.relay import Relay
from shared.store.event_store import EventStore
from tests.alerts.world import Receiver, listening
from tests.kafka.alerting import alerts_of, asking, delivered, taken
from tests.kafka.membership import enrolments, erasures
from tests.kafka.streaming import MEMBERS
from tests.kafka.test_relay import check_ins, relaying

RAISED = "SELECT id, member, tier, state FROM alerts ORDER BY id"
OWED = "SELECT id, alert, supporter, endpoint, type, sequence, body FROM deliveries ORDER BY id"
VIEW = "SELECT * FROM members ORDER BY member"


async def test_a_restored_backup_catches_up_to_the_same_rows_and_webhook_ids(
    new_database: Callable[[], str], postgres: str, store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    never, backup = new_database(), f"backup_{uuid4().hex}"
    async with listening(Receiver()) as receiver, relaying(Relay(store, database_url, topic, translate, kafka)):
        async with alerts_of(never, topic, kafka) as world:
            world.supporter(receiver)
            await taken(world, store, [*enrolments(), *asking(5), *check_ins(60)], topic, kafka)
            await delivered(world, receiver, 5)
        await asyncio.to_thread(_copy, postgres, never, backup)
        async with alerts_of(never, topic, kafka) as world:
            unasked = erasures(MEMBERS[-3:])  # about whom nothing is open
            await taken(world, store, [*check_ins(60), *asking(7), *unasked], topic, kafka)
            await delivered(world, receiver, 12)
            expected = [world.rows(query) for query in (RAISED, OWED, VIEW)]
        first, receiver.got = receiver.got, []
        async with alerts_of(url_of(postgres, backup), topic, kafka) as world:
            assert len(world.rows(RAISED)) == 5
            await taken(world, store, [], topic, kafka)
            await delivered(world, receiver, 7)
            assert [world.rows(query) for query in (RAISED, OWED, VIEW)] == expected
    assert {one["id"] for one in receiver.got} == {one["id"] for one in first[5:]}


def _copy(admin: str, source: str, copy: str) -> None:
    """As a backup does; PostgreSQL refuses while anybody is connected."""
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {copy} TEMPLATE {urlsplit(source).path[1:]}".encode())
