"""Whoever writes by Kafka's transactions leaves markers behind the records: offsets without a record."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaProducer
from structlog.testing import capture_logs

from shared.kafka.topics import ensure_topics
from shared.kafka.worker import StreamWorker
from shared.store.event_store import EventStore
from tests.kafka.streaming import MEMBERS, PATIENCE, Publisher, counted, end_of, in_order, tally_of, until_counted, working
from tests.projection.counting import moods


async def test_a_reader_passes_over_a_marker_at_a_logs_end_and_does_not_lag(
    store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    tally = tally_of(topic)
    await ensure_topics(kafka, [topic])
    async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=topic) as producer:
        publisher = Publisher(topic, producer)
        with capture_logs() as logs:
            for _ in range(2):
                async with working(StreamWorker(tally, store, database_url, kafka)) as task:
                    async with producer.transaction():
                        await publisher.publish(40)
                    await until_counted(store, publisher.published, task)
                    await _until_it_stands_at_the_end(store, kafka, topic, task)
                    async with producer.transaction():
                        await publisher.publish(40)
                    await until_counted(store, publisher.published, task)
                    await _until_it_stands_at_the_end(store, kafka, topic, task)
    assert await end_of(kafka, topic) > publisher.published.total()
    assert counted(store) == publisher.published
    assert all(in_order(moods(store, member)) for member in MEMBERS)
    assert "stream.log_replaced" not in [line["event"] for line in logs]


async def _until_it_stands_at_the_end(store: EventStore, kafka: str, topic: str, task: asyncio.Task[None]) -> None:
    end = await end_of(kafka, topic)
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(_position, store, topic) < end:
            if task.done():
                task.result()
            await asyncio.sleep(0.05)


def _position(store: EventStore, topic: str) -> int:
    with store.transaction() as cursor:
        cursor.execute("SELECT coalesce(sum(next_offset), 0)::int AS n FROM reader_positions WHERE topic = %s", (topic,))
        return int((cursor.fetchone() or {})["n"])
