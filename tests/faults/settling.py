"""Waits until nothing is under way any more: every answer mixed, every store relayed, every record read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.evaluation.domain.surveys import LOWEST_MIN_SCORES
from shared.kafka.topics import PARTITIONS
from tests.faults.oracle import READERS, Environment

PUBLISHERS = ("checkins", "alerts", "recognition", "evaluation", "support")
LOOK_SECONDS = 0.1
_RELAYED = "SELECT coalesce(max(position), 0) FROM relay_position"
_UNRELAYED = f"SELECT coalesce(max(notification_id), 0) - ({_RELAYED}) FROM {{}}_events"
_POSITIONS = "SELECT topic, partition, next_offset FROM reader_positions WHERE reader = %s"
_UNMIXED = """\
SELECT (SELECT count(*) FROM waiting_answers WHERE survey = %(survey)s)
     + (SELECT count(*) / %(enough)s FROM waiting_cells WHERE survey = %(survey)s)"""
"""Of one survey that was answered in one team: answers that aren't events yet, and cells that could be filled."""


@dataclass(frozen=True)
class _Eyes:
    """Open connections to every database, and a consumer that is told ends and reads nothing."""

    databases: dict[str, psycopg.AsyncConnection]
    consumer: AIOKafkaConsumer
    survey: str

    async def behind(self) -> list[str]:
        """What was before is asked first: who is done can then be given nothing more by those who were asked."""
        return await self._unmixed() or await self._unrelayed() or await self._unread()

    async def _unmixed(self) -> list[str]:
        values = {"survey": self.survey, "enough": LOWEST_MIN_SCORES}
        row = await (await self.databases["evaluation"].execute(_UNMIXED, values)).fetchone()
        return [f"the mixer: {row[0]} wait"] if row and row[0] else []

    async def _unrelayed(self) -> list[str]:
        behind: list[str] = []
        for service in PUBLISHERS:
            row = await (await self.databases[service].execute(_UNRELAYED.format(service).encode())).fetchone()
            behind += [f"{service} relay: {row[0]} behind"] if row and row[0] else []
        return behind

    async def _unread(self) -> list[str]:
        ends = await self._ends()
        behind: list[str] = []
        for service, (reader, views) in READERS.items():
            rows = await (await self.databases[service].execute(_POSITIONS, (reader,))).fetchall()
            positions = {(topic, partition): next_offset for topic, partition, next_offset in rows}
            topics = {view.topic for view in views}
            for place, end in ends.items():
                if place.topic in topics and (position := positions.get(place, 0)) < end:
                    behind.append(f"{reader} at {place.topic}/{place.partition}: {position} of {end}")
        return behind

    async def _ends(self) -> dict[TopicPartition, int]:
        topics = {view.topic for _, views in READERS.values() for view in views}
        places = [TopicPartition(topic, partition) for topic in sorted(topics) for partition in range(PARTITIONS)]
        ends: dict[TopicPartition, int] = await self.consumer.end_offsets(places)
        return ends


async def caught_up(environment: Environment, survey: str, seconds: float) -> list[str]:
    """Returns once mixer, relays and readers have reached the end, with nothing; or after so long with what hasn't."""
    behind = ["nothing could be asked"]
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while behind:
                try:
                    async with _open_eyes(environment, survey) as eyes:
                        while behind := await eyes.behind():
                            await asyncio.sleep(LOOK_SECONDS)
                except (psycopg.Error, KafkaError, OSError) as error:
                    behind = [type(error).__name__]
                    await asyncio.sleep(LOOK_SECONDS)
    return behind


@asynccontextmanager
async def _open_eyes(environment: Environment, survey: str) -> AsyncIterator[_Eyes]:
    """For as long as everything answers."""
    async with AsyncExitStack() as opened:
        databases = {
            service: await opened.enter_async_context(
                await psycopg.AsyncConnection.connect(environment[f"{service.upper()}_DATABASE_URL"], autocommit=True)
            )
            for service in PUBLISHERS
        }
        consumer = AIOKafkaConsumer(bootstrap_servers=environment["KAFKA_BOOTSTRAP"], request_timeout_ms=5_000)
        opened.push_async_callback(consumer.stop)
        await consumer.start()
        yield _Eyes(databases, consumer, survey)
