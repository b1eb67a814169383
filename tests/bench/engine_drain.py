"""Our engine over a topic's backlog: each partition claimed, then caught up in bulk, as a stream worker does it.

python -m tests.bench.engine_drain BOOTSTRAP TOPIC DATABASE_URL

State and position are durable in PostgreSQL, one transaction for each batch; the output is the view's column `mean`.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Sequence

import structlog

from shared.events import PublicEvent
from shared.events.checkins import CheckInRecorded
from shared.garbage import collect_less_often
from shared.kafka.bulk import bulk_reader
from shared.kafka.catching_up import CatchingUp
from shared.kafka.topics import PARTITIONS
from shared.projection import schema
from shared.projection.engine import Engine
from shared.projection.generations import Generations
from shared.projection.view import Effect, Key, View
from shared.store.event_store import EventStore
from tests.bench.report import Stopwatch

READER = "running-means"
Sum = tuple[int, int]
"""How many moods, and what they add up to."""


def fold(state: Sum | None, event: PublicEvent) -> tuple[Sum, Sequence[Effect]]:
    assert isinstance(event, CheckInRecorded)
    count, total = state or (0, 0)
    return (count + 1, total + event.mood), ()


def key_of(event: PublicEvent) -> Key | None:
    return (event.member,) if isinstance(event, CheckInRecorded) else None


def running_means(topic: str) -> View[Sum]:
    return View(
        name="running_means",
        version=1,
        topic=topic,
        key={"member": "uuid"},
        columns={"count": "int8", "total": "int8", "mean": "float8"},
        key_of=key_of,
        fold=fold,
        to_row=lambda state: (*state, state[1] / state[0]),
        from_row=lambda member, count, total, mean: (count, total),
    )


async def drain(bootstrap: str, topic: str, database_url: str) -> str:
    views = (running_means(topic),)
    store = EventStore("bench", database_url, schema.SCHEMA)
    Generations(READER, views).prepare(store)
    engine = Engine(store, READER, views)
    async with bulk_reader(bootstrap) as bulk:
        owned = [engine.claim(topic, partition) for partition in range(PARTITIONS)]
        ends = [await bulk.end(topic, partition) for partition in range(PARTITIONS)]
        watch = Stopwatch(sum(ends))
        catching_up = CatchingUp(engine, bulk, watch.done)
        watch.begin()
        await asyncio.gather(*(catching_up.up_to(one, end) for one, end in zip(owned, ends, strict=True)))
        line = watch.line()
    check(store, sum(ends))
    store.close()
    return line


def check(store: EventStore, events: int) -> None:
    """Raises RuntimeError where the view doesn't hold every event once."""
    if (found := held(store)) != events:
        raise RuntimeError(f"the view holds {found} of {events} events")


def held(store: EventStore) -> int:
    """How many events the view holds."""
    with store.transaction() as cursor:
        cursor.execute("SELECT coalesce(sum(count), 0)::bigint AS held FROM running_means")
        row = cursor.fetchone()
    return int(row["held"]) if row else 0


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    collect_less_often()
    print(asyncio.run(drain(*sys.argv[1:4])))
