from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy import Keys, database_url
from deploy.containers import parts
from deploy.layout import CHECKOUT, Layout

pytestmark = pytest.mark.containers


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[Layout]:
    layout = Layout(CHECKOUT, tmp_path / "state")
    layout.make()
    Keys(layout.keys).make()
    yield layout
    parts.forget(layout)


async def test_kafka_in_a_container_keeps_what_it_acknowledges() -> None:
    with parts.start_kafka() as bootstrap:
        await _create(bootstrap, "checkins.events")
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, acks="all") as producer:
            await producer.send_and_wait("checkins.events", b"one")
        assert await _first(bootstrap, "checkins.events") == b"one"


def test_postgresql_in_a_container_is_an_18_with_the_databases_asked_for() -> None:
    with (
        parts.start_postgres(databases=["checkins"]) as admin_url,
        psycopg.connect(database_url(admin_url, "checkins")) as connection,
    ):
        assert connection.info.server_version // 10_000 == 18


def test_what_was_stored_is_there_after_stop_and_start(layout: Layout) -> None:
    _, admin_url = parts.start(layout, kafka=False, postgres=True)
    with psycopg.connect(str(admin_url)) as connection:
        connection.execute("CREATE TABLE kept (number int)")
    parts.stop(layout)
    _, admin_url = parts.start(layout, kafka=False, postgres=True)
    with psycopg.connect(str(admin_url)) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_start_is_not_hindered_by_what_a_killed_launcher_left(layout: Layout) -> None:
    first = parts.start(layout, kafka=False, postgres=True)
    assert parts.start(layout, kafka=False, postgres=True) == first


async def _create(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, 1)])
    finally:
        await admin.close()


async def _first(bootstrap: str, topic: str) -> bytes | None:
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        value: bytes | None = (await consumer.getone()).value
        return value
