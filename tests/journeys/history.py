"""What is stored and what is in Kafka, read from outside: by SQL and by a plain consumer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.kafka.records import event_id
from shared.kafka.topics import PARTITIONS

PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Seen:
    """A record of a topic, by its CloudEvents attributes."""

    id: str
    type: str
    sequence: int
    key: str
    partition: int
    value: bytes


async def last_stored(database_url: str, service: str) -> int:
    """The notification id of the last event; what other tests made of the log, with relays that died, lies before it."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        row = await (await connection.execute(f"SELECT max(notification_id) FROM {service}_events".encode())).fetchone()
    return int(row[0] or 0) if row else 0


async def stored_ids(database_url: str, service: str, after: int) -> list[str]:
    """The `ce_id` that each event stored after a notification id must have, in order of the notification log."""
    query = (
        f"SELECT originator_id, originator_version FROM {service}_events WHERE notification_id > %s ORDER BY notification_id"
    )
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        rows = await (await connection.execute(query.encode(), (after,))).fetchall()
    return [str(event_id(originator, version)) for originator, version in rows]


async def relayed(environment: Mapping[str, str], service: str) -> None:
    """Returns when the relay's position is the last notification."""
    query = (
        f"SELECT coalesce((SELECT max(position) FROM relay_position), 0) >= coalesce(max(notification_id), 0)"
        f" FROM {service}_events"
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await _says(environment[f"{service.upper()}_DATABASE_URL"], query):
            await asyncio.sleep(0.05)


async def _says(database_url: str, query: str) -> bool:
    try:
        async with await psycopg.AsyncConnection.connect(database_url) as connection:
            row = await (await connection.execute(query.encode())).fetchone()
            return bool(row and row[0])
    except psycopg.OperationalError:
        return False


async def records(bootstrap: str, topic: str) -> list[Seen]:
    """Everything that a relay sent to a topic, partition by partition in order of offset."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        for place in places:
            consumer.seek(place, 0)
        seen: list[Seen] = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for messages in (await consumer.getmany(timeout_ms=500, max_records=5_000)).values():
                seen.extend(_seen(message) for message in messages if _is_relayed(message))
        return seen
    finally:
        await consumer.stop()


def _is_relayed(message: Any) -> bool:
    """Another test may have put poison there, which no relay sent."""
    return any(key == "ce_sequence" for key, _ in message.headers)


def _seen(message: Any) -> Seen:
    headers = {key: value.decode() for key, value in message.headers}
    sequence = int(headers["ce_sequence"])
    return Seen(headers["ce_id"], headers["ce_type"], sequence, message.key.decode(), message.partition, message.value)
