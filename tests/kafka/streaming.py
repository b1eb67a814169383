"""A topic with check-ins in it, and what was counted of them."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.events import checkins
from shared.kafka.records import Record
from shared.kafka.topics import PARTITIONS, ensure_topics
from shared.store.event_store import EventStore
from tests.architecture.tree import ROOT
from tests.projection.counting import POISON, Counting, counting_view

NOW = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
MEMBERS = [UUID(int=n) for n in range(1, 21)]
POISONED = UUID(int=999)
PATIENCE = 60
_numbers = itertools.count(1)


def new_topic() -> str:
    return f"lamps{os.getpid()}x{next(_numbers)}.events"


def tally_of(topic: str) -> Counting:
    """Counts one topic under a name of its own."""
    return Counting(topic.replace(".", "-"), (counting_view(topic),))


class Publisher:
    """Publishes check-ins as a relay does, with sequences that rise from 1."""

    def __init__(self, topic: str, producer: AIOKafkaProducer) -> None:
        self.published: Counter[UUID] = Counter()
        self._topic, self._producer = topic, producer
        self._sequences = itertools.count(1)

    async def publish(self, count: int) -> None:
        sent = [await self._send(MEMBERS[n % len(MEMBERS)]) for n in range(count)]
        await asyncio.gather(*sent)

    async def send_again(self, records: list[Record]) -> None:
        """As a relay does whose position was set back: the same records, at new offsets."""
        for one in records:
            await self._producer.send_and_wait(self._topic, one.value, one.key, headers=list(one.headers))

    async def poison(self) -> None:
        """An event whose fold fails, of a member of its own; it isn't counted among what was published."""
        event = checkins.CheckInRecorded(occurred_at=NOW, member=POISONED, check_in=uuid4(), recorded_at=NOW, mood=POISON)
        await (await self._give(event))

    async def _send(self, member: UUID) -> Any:
        self.published[member] += 1
        event = checkins.CheckInRecorded(
            occurred_at=NOW, member=member, check_in=uuid4(), recorded_at=NOW, mood=1 + self.published[member] % 4
        )
        return await self._give(event)

    async def _give(self, event: checkins.CheckInRecorded) -> Any:
        headers = {"ce_type": event.type(), "ce_id": str(uuid4()), "ce_sequence": str(next(self._sequences))}
        encoded = [(name, value.encode()) for name, value in headers.items()]
        return await self._producer.send(
            self._topic, event.model_dump_json().encode(), str(event.member).encode(), headers=encoded
        )


@asynccontextmanager
async def publishing(kafka: str, topic: str) -> AsyncIterator[Publisher]:
    await ensure_topics(kafka, [topic])
    async with AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True) as producer:
        yield Publisher(topic, producer)


class Runs(Protocol):
    """A stream's worker, or who works on replays."""

    async def run(self) -> None: ...


@asynccontextmanager
async def process(
    module: str, *arguments: str, stdin: int | None = None, stdout: int | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """One to be killed; at the latest when the block ends."""
    command = (sys.executable, "-u", "-m", module, *arguments)
    started = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=stdin, stdout=stdout)
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


@asynccontextmanager
async def working(worker: Runs) -> AsyncIterator[asyncio.Task[None]]:
    """Runs until the block ends, or fails with the worker."""
    task = asyncio.create_task(worker.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def records_of(kafka: str, topic: str, count: int) -> list[Record]:
    """The first `count` records of a topic as they come, partition by partition in order."""
    places = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
    found: list[Record] = []
    async with AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest", enable_auto_commit=False) as consumer:
        consumer.assign(places)
        async with asyncio.timeout(PATIENCE):
            while len(found) < count:
                for batch in (await consumer.getmany(timeout_ms=500)).values():
                    found += [Record(m.topic, m.partition, m.offset, m.key, m.value, m.headers) for m in batch]
    return found


async def deleted(kafka: str, topic: str) -> None:
    """Returns when the broker knows of no such topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.delete_topics([topic])
        async with asyncio.timeout(PATIENCE):
            while topic in await admin.list_topics():
                await asyncio.sleep(0.05)
    finally:
        await admin.close()


async def end_of(kafka: str, topic: str) -> int:
    """How many records a topic has."""
    places = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
    async with AIOKafkaConsumer(bootstrap_servers=kafka) as consumer:
        return sum((await consumer.end_offsets(places)).values())


def counted(store: EventStore) -> Counter[UUID]:
    with store.transaction() as cursor:
        cursor.execute("SELECT member, jsonb_array_length(moods) AS n FROM counted")
        return Counter({row["member"]: row["n"] for row in cursor})


async def until_counted(store: EventStore, published: Counter[UUID], *running: asyncio.Task[Any]) -> None:
    """Waits until as many events were counted as were published. Another process counts: there is nothing to await."""
    async with asyncio.timeout(PATIENCE):
        while (await asyncio.to_thread(counted, store)).total() < published.total():
            for task in running:
                if task.done():
                    task.result()
            await asyncio.sleep(0.05)


def in_order(moods: Iterable[int]) -> bool:
    """Whether a member's check-ins came as `Publisher` sent them."""
    return all(mood == 1 + (n + 1) % 4 for n, mood in enumerate(moods))
