from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer

from shared.kafka.records import OutgoingRecord, Record
from shared.kafka.sending import Sending
from shared.kafka.topics import ensure_topics
from tests.kafka.streaming import MEMBERS, end_of, records_of

SMALL_BATCH_BYTES = 1_024
KEYS = [str(member).encode() for member in MEMBERS]


@pytest.fixture
async def producer(kafka: str, topic: str) -> AsyncIterator[AIOKafkaProducer]:
    await ensure_topics(kafka, [topic])
    async with AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True, max_batch_size=SMALL_BATCH_BYTES) as started:
        yield started


async def send(producer: AIOKafkaProducer, topic: str, values: list[bytes]) -> None:
    sending = await Sending.to(producer, topic)
    for number, value in enumerate(values):
        await sending.add(OutgoingRecord(KEYS[number % len(KEYS)], value, [("ce_type", b"lamp")], 1_000 + number))
    await sending.acknowledged()


def numbers(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


def of_key(records: list[Record], key: bytes) -> list[Record]:
    return sorted((record for record in records if record.key == key), key=lambda record: (record.partition, record.offset))


async def test_each_keys_records_are_there_in_order_over_many_batches(
    producer: AIOKafkaProducer, kafka: str, topic: str
) -> None:
    await send(producer, topic, numbers(3_000))
    records = await records_of(kafka, topic, 3_000)
    for place, key in enumerate(KEYS):
        assert [int(record.value) for record in of_key(records, key)] == list(range(place, 3_000, len(KEYS)))
    assert {record.header("ce_type") for record in records} == {"lamp"}


async def test_a_key_lies_where_every_other_producer_puts_it(producer: AIOKafkaProducer, kafka: str, topic: str) -> None:
    await send(producer, topic, numbers(len(KEYS)))
    await asyncio.gather(*[await producer.send(topic, b"by the producer", key) for key in KEYS])
    records = await records_of(kafka, topic, 2 * len(KEYS))
    assert all(len({record.partition for record in of_key(records, key)}) == 1 for key in KEYS)
    assert len({record.partition for record in records}) > 1


async def test_a_record_larger_than_a_batch_is_a_batch_of_its_own(producer: AIOKafkaProducer, kafka: str, topic: str) -> None:
    large = b"a" * 3 * SMALL_BATCH_BYTES
    await send(producer, topic, [b"before", large, b"after"] * len(KEYS))
    records = await records_of(kafka, topic, 3 * len(KEYS))
    assert sorted(record.value for record in records) == sorted([b"before", large, b"after"] * len(KEYS))


async def test_nothing_to_send_is_acknowledged_at_once(producer: AIOKafkaProducer, kafka: str, topic: str) -> None:
    await send(producer, topic, [])
    assert await end_of(kafka, topic) == 0
