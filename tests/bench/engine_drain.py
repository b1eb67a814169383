"""Our engine over a topic's backlog: each partition claimed, then caught up in bulk, as a stream worker does it.

python -m tests.bench.engine_drain BOOTSTRAP TOPIC DATABASE_URL

State and position are durable in PostgreSQL, one transaction for each batch.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Sequence
from uuid import UUID

import structlog
from psycopg import Cursor
from psycopg.rows import DictRow

from shared.events.checkins import CheckInRecorded
from shared.kafka.bulk import bulk_reader
from shared.kafka.topics import PARTITIONS
from shared.projection import parked, positions
from shared.projection.engine import Engine
from shared.projection.reader import Changes, Received
from shared.store.event_store import EventStore, Write
from tests.bench.report import Stopwatch

SCHEMA = (
    *positions.SCHEMA,
    *parked.SCHEMA,
    "CREATE TABLE IF NOT EXISTS running_means (member uuid PRIMARY KEY, count bigint NOT NULL, total bigint NOT NULL,"
    " mean double precision NOT NULL)",
)
UPSERT = (
    "INSERT INTO running_means SELECT member, count, total, total::float / count"
    " FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) AS batch (member, count, total)"
    " ON CONFLICT (member) DO UPDATE SET count = running_means.count + excluded.count,"
    " total = running_means.total + excluded.total,"
    " mean = (running_means.total + excluded.total)::float / (running_means.count + excluded.count)"
)


class RunningMeans:
    """The mean of each member's moods so far, one row for each."""

    name = "running-means"

    def __init__(self, topic: str) -> None:
        self.topics: Sequence[str] = (topic,)

    def advance(self, received: Sequence[Received]) -> Changes:
        sums: dict[UUID, tuple[int, int]] = {}
        for one in received:
            if isinstance(one.event, CheckInRecorded):
                count, total = sums.get(one.event.member, (0, 0))
                sums[one.event.member] = count + 1, total + one.event.mood
        return Changes(writes=[_upsert(sums)])


def _upsert(sums: dict[UUID, tuple[int, int]]) -> Write:
    columns = (list(sums), [count for count, _ in sums.values()], [total for _, total in sums.values()])
    return lambda cursor: _execute(cursor, columns)


def _execute(cursor: Cursor[DictRow], columns: tuple[list[UUID], list[int], list[int]]) -> None:
    cursor.execute(UPSERT.encode(), columns)


async def drain(bootstrap: str, topic: str, database_url: str) -> str:
    store = EventStore("bench", database_url, SCHEMA)
    engine = Engine(store, RunningMeans(topic))
    async with bulk_reader(bootstrap) as bulk:
        owned = [engine.positions.claim(topic, partition) for partition in range(PARTITIONS)]
        ends = [await bulk.end(topic, partition) for partition in range(PARTITIONS)]
        watch = Stopwatch(sum(ends))
        for one, end in zip(owned, ends, strict=True):
            async for records in bulk.read(topic, one.partition, one.next_offset, end):
                watch.begin()
                await asyncio.to_thread(engine.take, one, records)
                watch.done(len(records))
        line = watch.line()
    store.close()
    return line


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    print(asyncio.run(drain(*sys.argv[1:4])))
