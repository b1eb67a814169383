"""Topics that are deleted and made anew, then filled again from the event store: no event is taken twice, none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from psycopg.rows import DictRow

from services.alerts.views import members
from services.checkins import domain
from services.checkins.relay import translate
from services.evaluation.views import surveys
from services.recognition import views as recognition
from shared.clock import utc_now
from shared.events import PublicEvent
from shared.kafka.bulk import LogReplaced, bulk_reader
from shared.kafka.relay import Relay
from shared.kafka.replaying import Replaying
from shared.kafka.republishing import republish
from shared.kafka.topics import ensure_topics
from shared.kafka.worker import StreamWorker
from shared.projection.generations import Generations
from shared.projection.replays import Ask, State, Wish
from shared.projection.view import View
from shared.settings import Common
from shared.store.event_store import EventStore
from shared.store.events import PrivateEvent
from tests.kafka.membership import enrolments, erasures
from tests.kafka.streaming import MEMBERS, NOW, PATIENCE, POISONED, deleted, tally_of
from tests.kafka.test_relay import check_ins, relaying
from tests.projection.counting import POISON, Counting
from tests.projection.oracle import folded, stored


@pytest.fixture
def common(database_url: str, kafka: str) -> Common:
    return Common("checkins", database_url, kafka, "", "", {}, Path(), True, 50)


@pytest.fixture
def reader(topic: str, store: EventStore) -> Counting:
    """Every view that any service folds from checkins' events, in one reader."""
    theirs: dict[str, View[Any]] = {"alerts": members.VIEW, "evaluation": surveys.MEMBERS, "recognition": recognition.MEMBERS}
    named = (replace(view, name=f"{service}_members", topic=topic) for service, view in theirs.items())
    tally = tally_of(topic)
    everything = Counting(tally.name, (*tally.views, *named))
    Generations(everything.name, everything.views).prepare(store)
    return everything


@pytest.fixture
def worker(reader: Counting, store: EventStore, common: Common) -> NewWorker:
    return NewWorker(reader, store, common)


class NewWorker:
    """Starts workers as a supervisor does: one after the other, however each ends."""

    def __init__(self, reader: Counting, store: EventStore, common: Common) -> None:
        self._reader, self._store, self._common = reader, store, common
        self.ended: list[Exception] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _keep(self) -> None:
        while True:
            try:
                await StreamWorker(self._reader, self._store, self._common.database_url, self._common.kafka).run()
            except Exception as error:
                self.ended.append(error)


async def test_a_topic_made_anew_while_nobody_reads_is_read_by_sequence(
    worker: NewWorker, reader: Counting, store: EventStore, common: Common, topic: str
) -> None:
    await _stored(store, [*enrolments(), *check_ins(200)])
    await _sent_again(store, common, topic)
    await _sent_again(store, common, topic)  # the old log is longer than the new one
    async with worker.running():
        await _until_all_is_taken(reader, store)
    await deleted(common.kafka, topic)
    await _stored(store, [*check_ins(40), *erasures(MEMBERS[:3])])
    await _sent_again(store, common, topic)
    async with worker.running():
        await _until_all_is_taken(reader, store)
    _assert_once_and_whole(reader, store)
    assert worker.ended == []


async def test_a_topic_made_anew_under_a_running_worker_is_noticed_and_read_by_sequence(
    worker: NewWorker, reader: Counting, store: EventStore, common: Common, topic: str
) -> None:
    await _stored(store, [*enrolments(), *check_ins(200)])
    await _sent_again(store, common, topic)
    await _sent_again(store, common, topic)
    async with worker.running(), relaying(Relay(store, common.database_url, topic, translate, common.kafka)):
        await _until_all_is_taken(reader, store)
        await deleted(common.kafka, topic)
        await ensure_topics(common.kafka, [topic])
        await _stored(store, [*check_ins(40), *erasures(MEMBERS[:3])])
        await _sent_again(store, common, topic)
        await _until_all_is_taken(reader, store)
        await _stored(store, check_ins(40))
        await _until_all_is_taken(reader, store)
    _assert_once_and_whole(reader, store)


async def test_what_was_parked_waits_once_and_keeps_its_place_before_what_the_new_log_brings(
    worker: NewWorker, reader: Counting, store: EventStore, common: Common, topic: str
) -> None:
    await _stored(store, [*check_ins(100), _poisonous(POISON), _poisonous(1)])
    await _sent_again(store, common, topic)
    async with worker.running():
        await _until_parked(store, 2)
    await deleted(common.kafka, topic)
    await _stored(store, [_poisonous(2), _poisonous(POISON)])
    await _sent_again(store, common, topic)
    async with worker.running():
        await _until_parked(store, 4)
    with store.transaction() as cursor:
        cursor.execute("SELECT sequence::int AS sequence FROM parked ORDER BY id")
        assert [row["sequence"] for row in cursor] == [101, 102, 103, 104]


async def test_a_view_that_is_built_anew_from_a_new_log_leaves_out_what_is_parked_and_is_switched_to(
    worker: NewWorker, reader: Counting, store: EventStore, common: Common, topic: str
) -> None:
    await _stored(store, check_ins(100))
    await _sent_again(store, common, topic)
    await _stored(store, [_poisonous(POISON), _poisonous(1), *check_ins(100)])
    await _sent_again(store, common, topic)  # what is parked stands behind what was sent twice
    async with worker.running():
        await _until_parked(store, 2)
    await deleted(common.kafka, topic)
    await _sent_again(store, common, topic)
    async with worker.running():
        await _until_read_up_to(store, 202)
        row = await _rebuilt(Replaying(store, common.database_url, reader.name, reader.views, common.kafka, utc_now))
    assert (row["state"], row["problem"]) == (State.SWITCHED, None)
    assert row["result"]["same"] == row["result"]["keys"] == len(MEMBERS)


async def test_a_former_generation_that_stood_in_the_old_log_is_caught_up_by_sequence_before_it_is_taken_back(
    worker: NewWorker, reader: Counting, store: EventStore, common: Common, topic: str
) -> None:
    replaying = Replaying(store, common.database_url, reader.name, reader.views, common.kafka, utc_now)
    await _stored(store, check_ins(100))
    await _sent_again(store, common, topic)
    await _sent_again(store, common, topic)
    async with worker.running():
        await _until_all_is_taken(reader, store)
        switched = await _rebuilt(replaying)
    await deleted(common.kafka, topic)
    await _stored(store, check_ins(200))  # now the new log goes beyond where the former generation stands
    await _sent_again(store, common, topic)
    async with worker.running():
        await _until_all_is_taken(reader, store)
        replaying.replays.wish(switched["id"], Wish.ROLL_BACK)
        await replaying.work(await _taken_on(replaying))
    assert replaying.replays.get(switched["id"])["state"] == State.ROLLED_BACK
    assert stored(store, reader.views[0]) == folded(reader.views[0], _history(store))


async def test_a_bulk_read_of_what_the_log_no_longer_has_ends(common: Common, topic: str) -> None:
    await ensure_topics(common.kafka, [topic])
    async with bulk_reader(common.kafka) as bulk:
        with pytest.raises(LogReplaced):
            await anext(bulk.read(topic, 0, 5, 9))


def _poisonous(mood: int) -> PrivateEvent:
    return domain.CheckIn(uuid4(), POISONED, NOW, mood=mood).record(NOW, b"sealed")


async def _stored(store: EventStore, events: Iterable[PrivateEvent]) -> None:
    await asyncio.to_thread(store.record, list(events))


async def _sent_again(store: EventStore, common: Common, topic: str) -> None:
    async for _ in republish(common, store, topic, translate, 0):
        pass


def _history(store: EventStore) -> list[PublicEvent]:
    return [public for _, event in store.notifications(0, 10_000) if (public := translate(event))]


async def _until_all_is_taken(reader: Counting, store: EventStore) -> None:
    expected = {view.name: folded(view, _history(store)) for view in reader.views}
    async with asyncio.timeout(PATIENCE):
        while {view.name: await asyncio.to_thread(stored, store, view) for view in reader.views} != expected:
            await asyncio.sleep(0.05)


async def _until_parked(store: EventStore, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(_parked, store) < count:
            await asyncio.sleep(0.05)


async def _until_read_up_to(store: EventStore, end: int) -> None:
    """Of all partitions together."""
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(_read, store) != end:
            await asyncio.sleep(0.05)


def _read(store: EventStore) -> int:
    with store.transaction() as cursor:
        cursor.execute("SELECT coalesce(sum(next_offset), 0)::int AS n FROM reader_positions")
        return int((cursor.fetchone() or {})["n"])


async def _rebuilt(replaying: Replaying) -> DictRow:
    row = await replaying.start(Ask("counted", "shadow", "ops", {}, switch_by_itself=True))
    await replaying.work(row)
    return await asyncio.to_thread(replaying.replays.get, row["id"])


async def _taken_on(replaying: Replaying) -> DictRow:
    row = await asyncio.to_thread(replaying.replays.take, uuid4())
    assert row is not None
    return row


def _parked(store: EventStore) -> int:
    with store.transaction() as cursor:
        cursor.execute("SELECT count(*) AS n FROM parked")
        return int((cursor.fetchone() or {})["n"])


def _assert_once_and_whole(reader: Counting, store: EventStore) -> None:
    """A mood that was folded twice stands twice; an effect that was called for twice is in two batches."""
    history = _history(store)
    for view in reader.views:
        assert stored(store, view) == folded(view, history)
    assert _moods_followed(reader) == sum(hasattr(event, "mood") for event in history)


def _moods_followed(reader: Counting) -> int:
    return sum(isinstance(effect, int) for batch in reader.batches for effect in batch)
