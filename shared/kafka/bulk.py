"""Reading many records at once, from a position to another, with a consumer that belongs to no group."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.kafka.records import Readable

BATCH = 20_000
FETCH_MILLISECONDS = 1_000
EMPTY_FETCH_MILLISECONDS = 20
"""For which the broker holds a fetch that finds nothing: the next partition's fetch waits behind it."""

FETCH_BYTES = 4 * 2**20
"""Of one partition at once, as they are sent: compressed check-ins are some 30,000 in it."""


class LogReplaced(RuntimeError):
    """The broker's log isn't the one that was read so far: it was made anew, and is read by sequence from its beginning."""


class BulkReader:
    """Reads a partition's records by offset."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def end(self, topic: str, partition: int) -> int:
        """The offset that the next record of this partition will have."""
        place = TopicPartition(topic, partition)
        return int((await self._consumer.end_offsets([place]))[place])

    async def at(self, topic: str, partition: int, offset: int) -> Readable | None:
        """The record at an offset that is below the end; None where it isn't there any more."""
        async for records in self.read(topic, partition, offset, offset + 1):
            return records[0]
        return None

    async def read(self, topic: str, partition: int, start: int, stop: int) -> AsyncIterator[list[Readable]]:
        """Batches of the records with start <= offset < stop, in order. Raises LogReplaced where the log no longer has them."""
        if start >= stop:
            return
        place = TopicPartition(topic, partition)
        self._consumer.assign([place])
        self._consumer.seek(place, start)
        position = start
        while position < stop:
            fetched = await self._consumer.getmany(place, timeout_ms=FETCH_MILLISECONDS, max_records=BATCH)
            records = fetched.get(place, [])
            if records[0].offset < start if records else await self.end(topic, partition) < stop:
                raise LogReplaced(f"{topic}/{partition} before {stop}")
            if records and records[-1].offset >= stop:
                records = [record for record in records if record.offset < stop]
            position = await self._consumer.position(place)
            if records:
                yield records


@asynccontextmanager
async def bulk_reader(bootstrap: str) -> AsyncIterator[BulkReader]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_wait_ms=EMPTY_FETCH_MILLISECONDS,
    )
    await consumer.start()
    try:
        yield BulkReader(consumer)
    finally:
        await consumer.stop()
