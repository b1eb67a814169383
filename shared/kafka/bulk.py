"""Reading many records at once, from a position to another, without belonging to a group.

The broker's answers are kept as the bytes they are, and records are made of them one after the other: aiokafka's own objects,
kept until a batch is full, cost four times as much time and most of the memory. For that its client is used under its
consumer: `_client` is private, and tests/kafka holds it in place.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException, KafkaError, LeaderNotAvailableError, NoError, OffsetOutOfRangeError
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.memory_records import MemoryRecords

from shared.kafka.records import Readable

EMPTY_FETCH_MILLISECONDS = 20
"""For which the broker holds a fetch that finds nothing: the next partition's fetch waits behind it."""

FETCH_BYTES = 8 * 2**20
"""Of one partition at once, as they are sent: compressed check-ins are some 40,000 in it."""

LARGEST_ANSWER = 50 * 2**20
PAUSE_SECONDS = 0.1
ANSWERS_WITHIN_SECONDS = 2.0
"""A broker that doesn't is asked again later by who only wants to know."""

NOBODY = -1
EVERYTHING = 0
"""Kafka's isolation level: our topics have no transactions."""


Partition = tuple[str, int]


class LogReplaced(RuntimeError):
    """The broker's log isn't the one that was read so far: it was made anew, and is read by sequence from its beginning."""


@dataclass(frozen=True)
class Fetched:
    """The records of one answer with start <= offset < stop; each iteration makes them anew."""

    start: int
    stop: int
    data: bytes
    end: int
    """The partition's, when this was answered."""

    def __iter__(self) -> Iterator[Readable]:
        """Raises CorruptRecordException where a checksum is wrong."""
        batches = MemoryRecords(self.data)
        while batches.has_next():
            batch = batches.next_batch()
            if batch.is_control_batch or batch.next_offset <= self.start:
                continue
            if not batch.validate_crc():
                raise CorruptRecordException(f"before {batch.next_offset}")
            whole = batch.base_offset >= self.start and batch.next_offset <= self.stop
            yield from batch if whole else [record for record in batch if self.start <= record.offset < self.stop]

    def __len__(self) -> int:
        """In offsets, which not every log has all of."""
        return self.stop - self.start


@dataclass(frozen=True)
class Answer:
    """Of one partition: Kafka's code, the end of its log, and what was asked for as it was sent."""

    place: TopicPartition
    code: int
    end: int
    data: bytes

    @property
    def known(self) -> bool:
        return self.code == NoError.errno or self.out_of_range

    @property
    def out_of_range(self) -> bool:
        return bool(self.code == OffsetOutOfRangeError.errno)


class BulkReader:
    """Reads partitions' records by offset; several of them at once, if that is wanted."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def end(self, topic: str, partition: int) -> int:
        """The offset that the next record of this partition will have."""
        return (await self.ends([(topic, partition)]))[topic, partition]

    async def ends(self, places: Iterable[Partition]) -> dict[Partition, int]:
        """As `end`, in one request to each broker."""
        ends = await self._consumer.end_offsets([TopicPartition(*place) for place in places])
        return {(place.topic, place.partition): end for place, end in ends.items()}

    async def partitions(self, topic: str) -> list[int]:
        """Those of a topic; none where it isn't there."""
        cluster = await self._consumer._client.fetch_all_metadata()
        return sorted(cluster.partitions_for_topic(topic) or ())

    async def offsets_at(self, topic: str, partitions: Iterable[int], since: datetime) -> dict[int, int]:
        """Of each partition: the first record of this time or later, or its end."""
        places = {TopicPartition(topic, partition): int(since.timestamp() * 1_000) for partition in partitions}
        found = await self._consumer.offsets_for_times(places) if places else {}
        ends = await self._consumer.end_offsets(list(places)) if places else {}
        return {place.partition: one.offset if (one := found[place]) else ends[place] for place in places}

    async def at(self, topic: str, partition: int, offset: int) -> Readable | None:
        """The record at an offset that is below the end; None where it isn't there any more."""
        async for records in self.read(topic, partition, offset, offset + 1):
            return next(iter(records), None)
        return None

    async def read(self, topic: str, partition: int, start: int, stop: int) -> AsyncIterator[Fetched]:
        """Batches of the records with start <= offset < stop, in order, each fetched while the one before it is in use.
        Raises LogReplaced where the log no longer has them."""
        place = TopicPartition(topic, partition)
        coming = asyncio.create_task(self._fetch(place, start, stop))
        try:
            while start < stop:
                fetched = await coming
                start = fetched.stop
                coming = asyncio.create_task(self._fetch(place, start, stop))
                yield fetched
        finally:
            coming.cancel()

    async def poll(self, offsets: Mapping[Partition, int]) -> dict[Partition, Fetched]:
        """What there is from these offsets on, of the partitions that have anything, in one request to each broker; waits a
        moment where there is nothing, or nobody to ask. Raises LogReplaced where the log ends before an offset."""
        places = {TopicPartition(*place): offset for place, offset in offsets.items()}
        answers = await self._answers(places)
        for place in [one.place for one in answers if one.out_of_range]:
            if await self.end(*place) < places[place]:
                raise LogReplaced(f"{place.topic}/{place.partition} has no {places[place]}")
        return {
            (one.place.topic, one.place.partition): Fetched(start, after, one.data, one.end)
            for one in answers
            if (after := _after(one.data, start := places[one.place])) > start
        }

    async def _fetch(self, place: TopicPartition, start: int, stop: int) -> Fetched:
        """Tries until something is there; whether anything will be, the ends of the log tell."""
        while start < stop:
            for one in await self._answers({place: start}):
                if (after := _after(one.data, start)) > start:
                    return Fetched(start, min(after, stop), one.data, one.end)
            if await self.end(*place) < stop:
                raise LogReplaced(f"{place.topic}/{place.partition} before {stop}")
            if (beginning := await self._beginning(place)) > start:
                return Fetched(start, min(beginning, stop), b"", beginning)
        return Fetched(start, start, b"", start)

    async def _beginning(self, place: TopicPartition) -> int:
        return int((await self._consumer.beginning_offsets([place]))[place])

    async def _answers(self, offsets: Mapping[TopicPartition, int]) -> list[Answer]:
        """What the logs have from these offsets on, of the partitions of which their brokers can say it just now."""
        client = self._consumer._client
        for topic in {place.topic for place in offsets}:
            await client.add_topic(topic)
        of_leader: dict[int, dict[TopicPartition, int]] = {}
        for place, offset in offsets.items():
            leader = client.cluster.leader_for_partition(place)
            of_leader.setdefault(NOBODY if leader is None else leader, {})[place] = offset
        answers = await asyncio.gather(*(self._ask(leader, those) for leader, those in of_leader.items()))
        known = [one for answer in answers for one in answer if one.known]
        if len(known) < len(offsets):
            await asyncio.sleep(PAUSE_SECONDS)
            await client.force_metadata_update()
        return known

    async def _ask(self, leader: int, offsets: Mapping[TopicPartition, int]) -> list[Answer]:
        wanted: dict[str, list[tuple[int, int, int]]] = {}
        for place, offset in offsets.items():
            wanted.setdefault(place.topic, []).append((place.partition, offset, FETCH_BYTES))
        request = FetchRequest(EMPTY_FETCH_MILLISECONDS, 1, LARGEST_ANSWER, EVERYTHING, list(wanted.items()))
        try:
            if leader == NOBODY:
                raise LeaderNotAvailableError
            answer = await self._consumer._client.send(leader, request)
        except KafkaError:
            return []
        return [
            Answer(TopicPartition(topic, partition), code, end, data or b"")
            for topic, partitions in answer.topics
            for partition, code, end, *_, data in partitions
        ]


def _after(data: bytes, start: int) -> int:
    """The offset after the last whole batch in it."""
    batches = MemoryRecords(data)
    while batches.has_next():
        start = max(start, batches.next_batch().next_offset)
    return start


@asynccontextmanager
async def bulk_reader(bootstrap: str) -> AsyncIterator[BulkReader]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        await consumer.start()
        yield BulkReader(consumer)
    finally:
        await consumer.stop()
