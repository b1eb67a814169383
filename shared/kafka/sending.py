"""Many records at once: a batch for each partition, made here and not by the producer, which does a third of a relay's work
for each single record that it is given."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2

from shared.kafka.records import OutgoingRecord


class Sending:
    """An open batch for each of a topic's partitions; a full one is sent. The producer is an idempotent one, which keeps a
    partition's batches in the order in which they are given to it."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, partitions: Sequence[int]) -> None:
        self._producer = producer
        self._topic = topic
        self._partitions = sorted(partitions)
        self._open: dict[int, Any] = {}
        self._sent: list[asyncio.Future[Any]] = []

    @classmethod
    async def to(cls, producer: AIOKafkaProducer, topic: str) -> "Sending":
        return cls(producer, topic, await producer.partitions_for(topic))

    async def add(self, record: OutgoingRecord) -> None:
        partition = partition_of(record.key, self._partitions)
        if not self._appended(partition, record):
            await self._send(partition)
            self._appended(partition, record)

    async def acknowledged(self) -> None:
        """Sends what is open and returns once the broker has all. Raises aiokafka's KafkaError where it hasn't."""
        for partition in list(self._open):
            await self._send(partition)
        await asyncio.gather(*self._sent)

    def _appended(self, partition: int, record: OutgoingRecord) -> bool:
        batch = self._open.get(partition) or self._open.setdefault(partition, self._producer.create_batch())
        added = batch.append(key=record.key, value=record.value, timestamp=record.timestamp_ms, headers=record.headers)
        return added is not None

    async def _send(self, partition: int) -> None:
        batch = self._open.pop(partition)
        batch.close()
        self._sent.append(await self._producer.send_batch(batch, self._topic, partition=partition))


def partition_of(key: bytes, partitions: Sequence[int]) -> int:
    """The one of a topic's partitions, in their order, to which a key belongs."""
    return partitions[_hash(key) % len(partitions)]


@lru_cache(maxsize=100_000)
def _hash(key: bytes) -> int:
    """As every Kafka client deals keys to partitions; a member checks in more than once."""
    return int(murmur2(key)) & 0x7FFFFFFF


__all__ = ["Sending", "partition_of"]
