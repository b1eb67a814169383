"""Waits until nothing is under way any more: every store relayed, every record read."""

from __future__ import annotations

import asyncio

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.kafka.topics import PARTITIONS
from tests.faults.oracle import READERS, Environment

PUBLISHERS = ("checkins", "alerts", "recognition", "evaluation")
LOOK_SECONDS = 0.1
_RELAYED = "SELECT coalesce(max(position), 0) FROM relay_position"
_UNRELAYED = f"SELECT coalesce(max(notification_id), 0) - ({_RELAYED}) FROM {{}}_events"
_POSITIONS = "SELECT topic, partition, next_offset FROM reader_positions WHERE reader = %s"


async def caught_up(environment: Environment, seconds: float) -> list[str]:
    """Returns once relays and readers have reached the end, with nothing; or after so long with what hasn't."""
    deadline = asyncio.get_running_loop().time() + seconds
    while (behind := await _behind(environment)) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(LOOK_SECONDS)
    return behind


async def _behind(environment: Environment) -> list[str]:
    try:
        unrelayed = [f"{name} relay: {n} behind" for name in PUBLISHERS if (n := await _unrelayed(environment, name))]
        return unrelayed or await _unread(environment)
    except (psycopg.Error, KafkaError, OSError) as error:
        return [type(error).__name__]


async def _unrelayed(environment: Environment, service: str) -> int:
    async with await psycopg.AsyncConnection.connect(_database(environment, service)) as connection:
        row = await (await connection.execute(_UNRELAYED.format(service).encode())).fetchone()
    return int(row[0]) if row else 0


async def _unread(environment: Environment) -> list[str]:
    topics = {view.topic for _, views in READERS.values() for view in views}
    ends = await _ends(environment["KAFKA_BOOTSTRAP"], sorted(topics))
    behind: list[str] = []
    for service, (reader, views) in READERS.items():
        positions = await _positions(environment, service, reader)
        for topic, partition in ends:
            end, position = ends[topic, partition], positions.get((topic, partition), 0)
            if topic in {view.topic for view in views} and position < end:
                behind.append(f"{reader} at {topic}/{partition}: {position} of {end}")
    return behind


async def _ends(bootstrap: str, topics: list[str]) -> dict[tuple[str, int], int]:
    places = [TopicPartition(topic, partition) for topic in topics for partition in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    try:
        await consumer.start()
        ends = await consumer.end_offsets(places)
    finally:
        await consumer.stop()
    return {(place.topic, place.partition): end for place, end in ends.items()}


async def _positions(environment: Environment, service: str, reader: str) -> dict[tuple[str, int], int]:
    async with await psycopg.AsyncConnection.connect(_database(environment, service)) as connection:
        rows = await (await connection.execute(_POSITIONS, (reader,))).fetchall()
    return {(topic, partition): next_offset for topic, partition, next_offset in rows}


def _database(environment: Environment, service: str) -> str:
    return environment[f"{service.upper()}_DATABASE_URL"]
