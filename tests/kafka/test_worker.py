from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from shared.kafka.bulk import Partition
from shared.kafka.movement import STILL_SECONDS, Movement
from shared.kafka.records import Record
from shared.kafka.topics import PARTITIONS
from shared.kafka.worker import StreamWorker
from shared.projection.positions import Positions
from shared.store.event_store import EventStore
from tests.kafka.streaming import (
    MEMBERS,
    PATIENCE,
    counted,
    in_order,
    publishing,
    records_of,
    tally_of,
    until_counted,
    working,
)
from tests.projection.counting import Counting, moods


@pytest.fixture
def tally(topic: str) -> Counting:
    return tally_of(topic)


@pytest.fixture
def worker(tally: Counting, store: EventStore, database_url: str, kafka: str) -> StreamWorker:
    return StreamWorker(tally, store, database_url, kafka)


async def test_a_backlog_is_read_in_bulk_and_then_what_comes_live_and_poison_is_parked(
    worker: StreamWorker, tally: Counting, store: EventStore, topic: str, kafka: str
) -> None:
    async with publishing(kafka, topic) as publisher:
        await publisher.publish(4_000)
        async with working(worker) as task:
            await until_counted(store, publisher.published, task)
            assert max(len(batch) for batch in tally.batches) > 500
            await worker.ready()
            for _ in range(10):
                await publisher.publish(40)
            await publisher.poison()
            await publisher.publish(40)
            await until_counted(store, publisher.published, task)
    assert counted(store) == publisher.published
    assert all(in_order(moods(store, member)) for member in MEMBERS)
    with store.transaction() as cursor:
        cursor.execute("SELECT error FROM parked")
        assert [row["error"] for row in cursor] == ["ZeroDivisionError"]


async def test_a_rush_is_read_in_bulk_and_faust_has_the_flow_back_when_it_is_over(
    worker: StreamWorker, tally: Counting, store: EventStore, topic: str, kafka: str
) -> None:
    with capture_logs() as logs:
        async with publishing(kafka, topic) as publisher, working(worker) as task:
            await publisher.publish(1)
            await until_counted(store, publisher.published, task)
            for _ in range(10):
                await publisher.publish(400)
            await until_counted(store, publisher.published, task)
            async with asyncio.timeout(PATIENCE):
                while "stream.calm" not in [line["event"] for line in logs]:
                    await asyncio.sleep(0.05)
            await publisher.publish(40)
            await until_counted(store, publisher.published, task)
    assert "stream.busy" in [line["event"] for line in logs]
    assert counted(store) == publisher.published
    assert all(in_order(moods(store, member)) for member in MEMBERS)


async def test_a_worker_that_has_read_in_bulk_beyond_what_the_last_fetch_told_goes_on(
    worker: StreamWorker, store: EventStore, topic: str, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = asyncio.Event()

    def as_of_the_first_fetch(app: object) -> dict[Partition, int]:
        looked.set()
        return {(topic, partition): 0 for partition in range(PARTITIONS)}

    monkeypatch.setattr("shared.kafka.worker.highwaters", as_of_the_first_fetch)
    async with publishing(kafka, topic) as publisher:
        await publisher.publish(60)
        async with working(worker) as task:
            await until_counted(store, publisher.published, task)
            for _ in range(2):
                looked.clear()
                await looked.wait()
            await publisher.publish(40)
            await until_counted(store, publisher.published, task)
    assert counted(store) == publisher.published


async def test_a_worker_that_is_started_again_goes_on_where_it_was_and_passes_over_what_the_relay_sends_again(
    worker: StreamWorker, tally: Counting, store: EventStore, topic: str, kafka: str, database_url: str
) -> None:
    async with publishing(kafka, topic) as publisher:
        await publisher.publish(60)
        async with working(StreamWorker(tally, store, database_url, kafka)) as task:
            await until_counted(store, publisher.published, task)
        await publisher.send_again(await records_of(kafka, topic, 60))
        await publisher.publish(60)
        async with working(worker) as task:
            await until_counted(store, publisher.published, task)
            assert counted(store) == publisher.published
            await _fence(store, tally.name, topic)
            await publisher.publish(40)
            await _until_nothing_is_owned(worker, task)
            assert not task.done()
    assert counted(store).total() == 120, "who is fenced lets go, and writes nothing"


async def test_a_gap_is_read_before_what_lies_beyond_it(
    worker: StreamWorker, store: EventStore, topic: str, kafka: str
) -> None:
    """As at a hand-over at which Faust resumes further on than the stored position."""
    async with publishing(kafka, topic) as publisher:
        await publisher.publish(200)
    for last in _last_of_each_partition(await records_of(kafka, topic, 200)):
        place = (last.topic, last.partition)
        worker._owned[place] = await asyncio.to_thread(worker._engine.claim, *place)
        await worker._take([last])
        await worker._take([last])
    assert counted(store) == publisher.published
    assert all(in_order(moods(store, member)) for member in MEMBERS)


async def test_records_of_a_partition_that_is_anothers_by_now_are_left_to_it(
    worker: StreamWorker, store: EventStore, topic: str, kafka: str
) -> None:
    async with publishing(kafka, topic) as publisher:
        await publisher.publish(40)
    await worker._take(await records_of(kafka, topic, 40))
    assert counted(store).total() == 0


async def test_a_worker_is_not_ready_before_it_has_its_share(worker: StreamWorker) -> None:
    with pytest.raises(RuntimeError, match="no partitions"):
        await worker.ready()


def test_a_partition_that_lags_and_stands_still_is_noticed_though_others_move() -> None:
    movement, still, busy = Movement(), ("t", 0), ("t", 1)
    seen = [movement.stuck({still: 9, busy: 99}, {still: 5, busy: second}, float(second)) for second in range(40)]
    assert [second for second, stuck in enumerate(seen) if stuck] == list(range(int(STILL_SECONDS) + 1, 40))
    assert seen[-1] == [still]


def test_a_partition_without_lag_may_stand_still_and_one_that_nobody_owns_may_not() -> None:
    movement, done, lost, given_back = Movement(), ("t", 0), ("t", 1), ("t", 2)
    for second in (0, 100):
        ends = {done: 5, lost: 1} | ({given_back: 5} if second == 0 else {})
        stuck = movement.stuck(ends, {done: 5}, float(second))
    assert stuck == [lost]


async def _fence(store: EventStore, reader: str, topic: str) -> None:
    for partition in range(PARTITIONS):
        await asyncio.to_thread(Positions(store, reader).claim, topic, partition)


async def _until_nothing_is_owned(worker: StreamWorker, task: asyncio.Task[None]) -> None:
    async with asyncio.timeout(PATIENCE):
        while worker._owned and not task.done():
            await asyncio.sleep(0.02)


def _last_of_each_partition(records: list[Record]) -> list[Record]:
    return list({record.partition: record for record in records}.values())
