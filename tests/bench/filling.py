"""Fills a topic with check-ins, in batches of the size that the relay's producer makes."""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2

from shared.kafka.records import OutgoingRecord
from shared.kafka.topics import PARTITIONS, ensure_topics
from tests.bench.check_ins import Crowd


async def fill(bootstrap: str, crowd: Crowd) -> None:
    """Returns once the broker has acknowledged all of it."""
    await ensure_topics(bootstrap, [crowd.topic])
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type="lz4", acks="all") as producer:
        batches = Batches(producer, crowd.topic)
        partitions: dict[int, int] = {}
        for whose, record in crowd.records():
            if whose not in partitions:
                partitions[whose] = (murmur2(record.key) & 0x7FFFFFFF) % PARTITIONS
            await batches.add(partitions[whose], record)
        await batches.end()


class Batches:
    """An open batch for each partition; a full one is sent."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self._producer = producer
        self._topic = topic
        self._open: dict[int, Any] = {}
        self._last: dict[int, Any] = {}

    async def add(self, partition: int, record: OutgoingRecord) -> None:
        if not self._appended(partition, record):
            await self._send(partition)
            self._appended(partition, record)

    async def end(self) -> None:
        for partition in list(self._open):
            await self._send(partition)
        for acknowledgement in self._last.values():
            await acknowledgement

    def _appended(self, partition: int, record: OutgoingRecord) -> bool:
        batch = self._open.get(partition) or self._open.setdefault(partition, self._producer.create_batch())
        added = batch.append(key=record.key, value=record.value, timestamp=record.timestamp_ms, headers=record.headers)
        return added is not None

    async def _send(self, partition: int) -> None:
        """One at a time for each partition is under way, so that order holds."""
        before = self._last.get(partition)
        if before is not None:
            await before
        batch = self._open.pop(partition)
        batch.close()
        self._last[partition] = await self._producer.send_batch(batch, self._topic, partition=partition)
