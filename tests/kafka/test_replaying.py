from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from psycopg import Cursor
from psycopg.rows import DictRow

from deploy.ports import free_port
from shared.clock import utc_now
from shared.errors import Problem
from shared.kafka.replaying import Replaying
from shared.kafka.worker import StreamWorker
from shared.projection.ops import Ops
from shared.projection.reader import Changed, Changes
from shared.projection.replays import Ask, State, Wish
from shared.projection.view import Effect
from shared.store import erasures
from shared.store.erasures import Erased
from shared.store.event_store import EventStore
from tests.kafka.streaming import MEMBERS, PATIENCE, POISONED, counted, publishing, tally_of, until_counted, working
from tests.projection.counting import NOW, Counting, mended_view, moods

STRANGER = UUID(int=77)


class Following(Counting):
    """Writes down how many effects it has followed; what isn't committed isn't there."""

    def follow(self, effects: Sequence[Effect], changed: Changed) -> Changes:
        return Changes(writes=[lambda cursor: _note(cursor, len(effects))])


def _note(cursor: Cursor[DictRow], count: int) -> None:
    cursor.execute("INSERT INTO followed VALUES (%s)", (count,))


def followed(store: EventStore) -> int:
    with store.transaction() as cursor:
        cursor.execute("SELECT coalesce(sum(n), 0) AS n FROM followed")
        return int((cursor.fetchone() or {})["n"])


@pytest.fixture
def tally(topic: str, store: EventStore) -> Counting:
    with store.transaction() as cursor:
        cursor.execute("CREATE TABLE followed (n int)")
    plain = tally_of(topic)
    return Following(plain.name, plain.views)


@pytest.fixture
def worker(tally: Counting, store: EventStore, database_url: str, kafka: str) -> StreamWorker:
    return StreamWorker(tally, store, database_url, kafka)


@pytest.fixture
def replaying(tally: Counting, store: EventStore, database_url: str, kafka: str) -> Replaying:
    return Replaying(store, database_url, tally.name, tally.views, kafka, utc_now)


async def until(replaying: Replaying, id_: UUID, *states: State) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        while (row := await asyncio.to_thread(replaying.replays.get, id_))["state"] not in states:
            assert row["state"] != State.FAILED, row["problem"]
            await asyncio.sleep(0.05)
    return row


def ask(target: str = "shadow", **asked: Any) -> Ask:
    return Ask("counted", target, "ops", asked)


def spoil(store: EventStore) -> None:
    """As a bug or a hand would: the live rows aren't what the events come to."""
    with store.transaction() as cursor:
        cursor.execute("UPDATE counted SET moods = '[1, 1, 1]' WHERE member = %s", (MEMBERS[0],))
        cursor.execute("DELETE FROM counted WHERE member = %s", (MEMBERS[1],))


async def test_a_dry_run_tells_what_would_differ_and_leaves_nothing(
    worker: StreamWorker, replaying: Replaying, store: EventStore, topic: str, kafka: str
) -> None:
    async with publishing(kafka, topic) as publisher, working(replaying):
        await publisher.publish(400)
        async with working(worker) as task:
            await until_counted(store, publisher.published, task)
        same = await until(replaying, replaying.replays.start(ask("dry-run")), State.DONE)
        assert same["result"] == {
            "keys": 20, "same": 20, "different": 0, "only_live": 0, "only_built": 0, "columns": {}, "examples": []
        }  # fmt: skip
        spoil(store)
        row = await until(replaying, replaying.replays.start(ask("dry-run")), State.DONE)
        assert (row["result"]["different"], row["result"]["only_built"]) == (1, 1)
        assert row["result"]["columns"] == {"moods": 1}
        assert row["result"]["examples"] == [
            {"key": str(MEMBERS[0]), "found_in": "both", "columns": ["moods"]},
            {"key": str(MEMBERS[1]), "found_in": "built", "columns": []},
        ]
        about = await until(replaying, replaying.replays.start(ask("dry-run", members=[str(MEMBERS[2])])), State.DONE)
        assert (about["result"]["keys"], about["result"]["same"]) == (1, 1)
    with store.transaction() as cursor:
        cursor.execute("SELECT count(*) AS n FROM pg_tables WHERE tablename LIKE 'counted_g%'")
        assert cursor.fetchone() == {"n": 1}


async def test_a_shadow_is_built_beside_the_live_view_and_switched_to_while_events_come_in_and_taken_back(
    worker: StreamWorker, replaying: Replaying, store: EventStore, topic: str, kafka: str
) -> None:
    async with publishing(kafka, topic) as publisher, working(replaying):
        await publisher.publish(2_000)
        async with working(worker) as task:
            await until_counted(store, publisher.published, task)
            with store.transaction() as cursor:
                cursor.execute("INSERT INTO counted VALUES (%s, '[3]')", (STRANGER,))
            id_ = replaying.replays.start(ask())
            coming = asyncio.create_task(_keep_publishing(publisher))
            await until(replaying, id_, State.FOLLOWING)
            replaying.replays.wish(id_, Wish.SWITCH)
            row = await until(replaying, id_, State.SWITCHED)
            await coming
            await until_counted(store, publisher.published, task)
            assert counted(store) == publisher.published
            assert (row["result"]["different"], row["result"]["only_live"]) == (0, 1)
            assert followed(store) == publisher.published.total(), "a replay starts no effects"

            replaying.replays.wish(id_, Wish.ROLL_BACK)
            await until(replaying, id_, State.ROLLED_BACK)
            await publisher.publish(40)
            await _until_followed(store, publisher.published.total())
            assert moods(store, STRANGER) == [3], "what was live before is so again, and has gone on"
            assert len(moods(store, MEMBERS[2])) == publisher.published[MEMBERS[2]]


async def test_a_switch_is_not_taken_back_to_what_came_after_it(
    worker: StreamWorker, replaying: Replaying, store: EventStore, topic: str, kafka: str
) -> None:
    async with publishing(kafka, topic) as publisher, working(replaying):
        await publisher.publish(40)
        async with working(worker) as task:
            await until_counted(store, publisher.published, task)
        first, second = [await _switched(replaying) for _ in range(2)]
        replaying.replays.wish(second, Wish.ROLL_BACK)
        await until(replaying, second, State.ROLLED_BACK)
        replaying.replays.wish(first, Wish.ROLL_BACK)
        async with asyncio.timeout(PATIENCE):
            while not (row := await asyncio.to_thread(replaying.replays.get, first))["problem"]:
                await asyncio.sleep(0.05)
    assert (row["state"], row["problem"]) == (State.SWITCHED, "there is no former generation of this release's version")


async def test_what_is_being_taken_back_is_neither_cancelled_nor_paused(
    worker: StreamWorker, replaying: Replaying, store: EventStore, topic: str, kafka: str
) -> None:
    async with publishing(kafka, topic) as publisher:
        await publisher.publish(40)
        async with working(worker) as task:
            await until_counted(store, publisher.published, task)
        async with working(replaying):
            id_ = await _switched(replaying)
    replaying.replays.wish(id_, Wish.ROLL_BACK)
    for wish in (Wish.CANCEL, Wish.PAUSE, Wish.ROLL_BACK):
        with pytest.raises(Problem):
            replaying.replays.wish(id_, wish)
    async with working(replaying):
        await until(replaying, id_, State.ROLLED_BACK)


async def test_a_reader_that_stands_still_is_seen_to_lag(
    worker: StreamWorker, replaying: Replaying, tally: Counting, store: EventStore, topic: str, kafka: str
) -> None:
    ops = Ops(store, tally.name, tally.views, utc_now)
    async with publishing(kafka, topic) as publisher:
        await publisher.publish(40)
        async with working(worker) as task:
            await until_counted(store, publisher.published, task)
        await publisher.publish(7)
        async with working(replaying), asyncio.timeout(PATIENCE):
            while [view["lag"] for view in await asyncio.to_thread(ops.views)] != [7]:
                await asyncio.sleep(0.05)


async def _switched(replaying: Replaying) -> UUID:
    id_ = replaying.replays.start(replace(ask(), switch_by_itself=True))
    await until(replaying, id_, State.SWITCHED)
    return id_


async def test_a_release_with_a_newer_version_builds_it_and_switches_by_itself(
    tally: Counting, store: EventStore, topic: str, kafka: str, database_url: str
) -> None:
    (old,) = tally.views
    newer = Following(tally.name, (replace(old, version=2, columns={"moods": "jsonb", "n": "int"}, **_with_count(old)),))
    async with publishing(kafka, topic) as publisher:
        await publisher.publish(400)
        async with working(StreamWorker(tally, store, database_url, kafka)) as task:
            await until_counted(store, publisher.published, task)
        worker = StreamWorker(newer, store, database_url, kafka)
        async with working(worker) as task, working(Replaying(store, database_url, newer.name, newer.views, kafka, utc_now)):
            await publisher.publish(40)
            await until_counted(store, publisher.published, task)
    assert counted(store) == publisher.published
    with store.transaction() as cursor:
        cursor.execute("SELECT sum(n) AS n FROM counted")
        assert cursor.fetchone() == {"n": 440}
    assert followed(store) == 440, "each event had its effects once"


async def test_a_paused_replay_goes_on_where_it_was_and_a_cancelled_one_leaves_nothing(
    worker: StreamWorker, replaying: Replaying, store: EventStore, topic: str, kafka: str
) -> None:
    async with publishing(kafka, topic) as publisher:
        await publisher.publish(400)
        async with working(worker) as task:
            await until_counted(store, publisher.published, task)
        id_ = replaying.replays.start(replace(ask(), rate=200.0))
        async with working(replaying):
            await until(replaying, id_, State.BUILDING)
            replaying.replays.wish(id_, Wish.PAUSE)
            paused = await until(replaying, id_, State.PAUSED)
            assert 0 < paused["done"] < 400
            replaying.replays.wish(id_, Wish.RESUME)
            await until(replaying, id_, State.FOLLOWING)
            replaying.replays.wish(id_, Wish.CANCEL)
            await until(replaying, id_, State.CANCELLED)
    with store.transaction() as cursor:
        cursor.execute("SELECT count(*) AS n FROM pg_tables WHERE tablename LIKE 'counted_g%'")
        assert cursor.fetchone() == {"n": 1}


async def test_a_paused_build_holds_nobody_who_was_erased(
    worker: StreamWorker, tally: Counting, store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    views = [replace(view, subject="member") for view in tally.views]
    replaying = Replaying(store, database_url, tally.name, views, kafka, utc_now)
    with store.transaction() as cursor:
        cursor.execute(erasures.SCHEMA[0].encode())
        erasures.put([Erased(member, NOW) for member in MEMBERS], NOW)(cursor)
    async with publishing(kafka, topic) as publisher:
        await publisher.publish(400)
        async with working(worker) as task:
            await until_counted(store, publisher.published, task)
        id_ = replaying.replays.start(replace(ask(), rate=200.0))
        async with working(replaying):
            await until(replaying, id_, State.BUILDING)
            replaying.replays.wish(id_, Wish.PAUSE)
            paused = await until(replaying, id_, State.PAUSED)
    assert 0 < paused["done"] < 400
    with store.transaction() as cursor:
        cursor.execute(f"SELECT FROM counted_g{paused['generation']}".encode())
        assert cursor.rowcount == 0


async def test_a_replay_whose_broker_is_away_is_gone_on_with_when_it_is_there(
    worker: StreamWorker, replaying: Replaying, tally: Counting, store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    async with publishing(kafka, topic) as publisher:
        await publisher.publish(100)
        async with working(worker) as task:
            await until_counted(store, publisher.published, task)
        nobody = f"127.0.0.1:{free_port()}"
        lonely = Replaying(store, database_url, tally.name, tally.views, nobody, utc_now)
        row = await lonely.start(ask("dry-run"))
        await lonely.work(row)
        assert lonely.replays.get(row["id"])["state"] == State.QUEUED
        async with working(replaying):
            done = await until(replaying, row["id"], State.DONE)
    assert done["result"]["same"] == len(MEMBERS)


async def test_one_that_parks_what_the_live_view_has_folded_fails_and_leaves_nothing(
    tally: Counting, replaying: Replaying, store: EventStore, topic: str, kafka: str, database_url: str
) -> None:
    mended = Following(tally.name, (replace(mended_view(), topic=topic),))
    async with publishing(kafka, topic) as publisher:
        await publisher.publish(40)
        await publisher.poison()
        async with working(StreamWorker(mended, store, database_url, kafka)) as task:
            await until_counted(store, publisher.published + Counter([POISONED]), task)
            row = await replaying.start(replace(ask(), switch_by_itself=True))
            await replaying.work(row)
    failed = replaying.replays.get(row["id"])
    assert (failed["state"], failed["problem"]) == (State.FAILED, "1 events are parked that the live view has folded")
    with store.transaction() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM pg_tables WHERE tablename LIKE 'counted_g%%') AS tables,"
            " (SELECT count(*) FROM reader_positions WHERE reader <> %s) AS positions, (SELECT count(*) FROM parked) AS parked",
            (tally.name,),
        )
        assert cursor.fetchone() == {"tables": 1, "positions": 0, "parked": 0}


async def _keep_publishing(publisher: Any) -> None:
    for _ in range(40):
        await publisher.publish(20)
        await asyncio.sleep(0.05)


async def _until_followed(store: EventStore, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while followed(store) < count:
            await asyncio.sleep(0.05)


def _with_count(view: Any) -> dict[str, Any]:
    return {
        "to_row": lambda moods: (*view.to_row(moods), len(moods)),
        "from_row": lambda member, moods, n: view.from_row(member, moods),
    }
