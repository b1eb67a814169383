"""All records of all topics, Kafka's own too, and what it knows of groups."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from tests.canaries.scene import Named, Scene


def keys(scene: Scene) -> Iterator[Named]:
    return _of_records(scene, lambda record: [record.key or b""])


def values(scene: Scene) -> Iterator[Named]:
    return _of_records(scene, lambda record: [record.value or b""])


def headers(scene: Scene) -> Iterator[Named]:
    return _of_records(scene, lambda record: [part for name, value in record.headers for part in (name.encode(), value or b"")])


def names_and_offsets(scene: Scene) -> Iterator[Named]:
    """The metadata of a commit is kept in __consumer_offsets, which `values` reads as bytes too."""
    yield "topics, groups and offsets", repr(asyncio.run(_described(scene.environment["KAFKA_BOOTSTRAP"]))).encode()


def _of_records(scene: Scene, parts: Callable[[Any], list[bytes]]) -> Iterator[Named]:
    for record in asyncio.run(_records(scene.environment["KAFKA_BOOTSTRAP"])):
        yield f"{record.topic} {record.partition} {record.offset}", b"\n".join(parts(record))


async def _records(bootstrap: str) -> list[Any]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, exclude_internal_topics=False, enable_auto_commit=False)
    places, found = await _partitions(bootstrap), list[Any]()
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                found += batch
        return found
    finally:
        await consumer.stop()


async def publish_unreadable(bootstrap: str, topic: str, key: str, event_type: str) -> None:
    """A record that says it is an event and isn't one."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        headers = [("ce_type", event_type.encode()), ("ce_id", key.encode())]
        await producer.send_and_wait(topic, b"\xff{no event", key.encode(), headers=headers)
    finally:
        await producer.stop()


async def _partitions(bootstrap: str) -> list[TopicPartition]:
    async with administering(bootstrap) as admin:
        described = await admin.describe_topics()
    return [TopicPartition(topic["topic"], each["partition"]) for topic in described for each in topic["partitions"]]


async def _described(bootstrap: str) -> list[Any]:
    async with administering(bootstrap) as admin:
        groups = await admin.list_consumer_groups()
        offsets = [await admin.list_consumer_group_offsets(group[0]) for group in groups]
        return [await admin.list_topics(), groups, offsets]


@asynccontextmanager
async def administering(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()
