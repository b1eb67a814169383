"""Reading many records at once, from a position to another, with a consumer that belongs to no group."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.kafka.records import Record

BATCH = 5_000
FETCH_MILLISECONDS = 1_000


class BulkReader:
    """Reads a partition's records by offset."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def end(self, topic: str, partition: int) -> int:
        """The offset that the next record of this partition will have."""
        place = TopicPartition(topic, partition)
        return int((await self._consumer.end_offsets([place]))[place])

    async def read(self, topic: str, partition: int, start: int, stop: int) -> AsyncIterator[list[Record]]:
        """Batches of the records with start <= offset < stop, in order."""
        if start >= stop:
            return
        place = TopicPartition(topic, partition)
        self._consumer.assign([place])
        self._consumer.seek(place, start)
        position = start
        while position < stop:
            fetched = await self._consumer.getmany(place, timeout_ms=FETCH_MILLISECONDS, max_records=BATCH)
            records = [_record(message) for message in fetched.get(place, ()) if message.offset < stop]
            position = await self._consumer.position(place)
            if records:
                yield records


@asynccontextmanager
async def bulk_reader(bootstrap: str) -> AsyncIterator[BulkReader]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest", max_partition_fetch_bytes=4 * 2**20
    )
    await consumer.start()
    try:
        yield BulkReader(consumer)
    finally:
        await consumer.stop()


def _record(message: Any) -> Record:

    return Record(message.topic, message.partition, message.offset, message.key, message.value or b"", message.headers)
