"""Two workers as processes: they share the partitions, and when one is killed the other counts on, each event once."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager

from shared.store.event_store import EventStore
from tests.kafka.streaming import MEMBERS, PATIENCE, counted, in_order, process, publishing, until_counted
from tests.projection.counting import moods

Worker = asyncio.subprocess.Process


def worker(*arguments: str) -> AbstractAsyncContextManager[Worker]:
    return process("tests.kafka.tallying", *arguments, stdout=asyncio.subprocess.PIPE)


async def test_two_workers_share_and_one_takes_over_from_the_killed_one(
    store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    arguments = (database_url, kafka, topic)
    async with publishing(kafka, topic) as publisher, worker(*arguments) as first, worker(*arguments) as second:
        await publisher.publish(200)
        await asyncio.gather(_has_two_partitions(first), _has_two_partitions(second))
        for _ in range(20):
            await publisher.publish(50)
        assert (first.returncode, second.returncode) == (None, None)
        first.kill()
        await publisher.publish(500)
        await until_counted(store, publisher.published)
        assert second.returncode is None
    assert counted(store) == publisher.published
    assert all(in_order(moods(store, member)) for member in MEMBERS)


async def _has_two_partitions(worker: Worker) -> None:
    assert worker.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while b"partitions=2" not in (line := await worker.stdout.readline()):
            assert line, "the worker ended"
