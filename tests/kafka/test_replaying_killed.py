"""A process is killed or stopped at work on a replay: another goes on where it was, and what comes of it is the same."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

from shared.clock import utc_now
from shared.kafka.replaying import Replaying
from shared.kafka.worker import StreamWorker
from shared.projection.replays import Ask, Replays, State, Wish
from shared.store.event_store import EventStore
from tests.kafka.replaying import FOLDING
from tests.kafka.streaming import MEMBERS, PATIENCE, counted, in_order, process, publishing, tally_of, until_counted, working
from tests.projection.counting import moods

EVENTS, PER_SECOND = 1_000, 200


async def test_a_killed_replay_is_gone_on_with_by_another_process_and_ends_the_same(
    store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    tally, arguments = tally_of(topic), (database_url, kafka, topic)
    replays = Replays(store, tally.name, utc_now)
    async with AsyncExitStack() as stack:
        publisher = await stack.enter_async_context(publishing(kafka, topic))
        await publisher.publish(EVENTS)
        live = await stack.enter_async_context(working(StreamWorker(tally, store, database_url, kafka)))
        await until_counted(store, publisher.published, live)

        id_ = replays.start(Ask("counted", "shadow", "ops", {}, rate=PER_SECOND))
        first = await stack.enter_async_context(process("tests.kafka.replaying", *arguments))
        begun = await _until(replays, id_, lambda row: row["done"] > 0)
        await stack.enter_async_context(process("tests.kafka.replaying", *arguments))
        first.kill()
        await first.wait()
        killed = replays.get(id_)
        assert (killed["state"], killed["lease"]) == (State.BUILDING, begun["lease"])
        assert 0 < killed["done"] < EVENTS

        resumed = await _until(replays, id_, lambda row: row["lease"] != killed["lease"])
        assert resumed["done"] >= killed["done"], "it isn't begun anew"
        await publisher.publish(40)
        built = await _until(replays, id_, lambda row: row["state"] == State.FOLLOWING)
        assert (built["result"]["keys"], built["result"]["same"]) == (len(MEMBERS), len(MEMBERS))
        replays.wish(id_, Wish.SWITCH)
        await _until(replays, id_, lambda row: row["state"] == State.SWITCHED)
        await publisher.publish(40)
        await until_counted(store, publisher.published, live)
    assert counted(store) == publisher.published
    assert all(in_order(moods(store, member)) for member in MEMBERS)


async def test_a_replay_that_was_stopped_and_woken_leaves_the_build_to_who_took_over(
    store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    tally, arguments = tally_of(topic), (database_url, kafka, topic)
    replays = Replays(store, tally.name, utc_now)
    async with AsyncExitStack() as stack:
        publisher = await stack.enter_async_context(publishing(kafka, topic))
        await publisher.publish(EVENTS)
        live = await stack.enter_async_context(working(StreamWorker(tally, store, database_url, kafka)))
        await until_counted(store, publisher.published, live)

        id_ = replays.start(Ask("counted", "shadow", "ops", {}))
        pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
        first = await stack.enter_async_context(process("tests.kafka.replaying", *arguments, "held", **pipes))
        assert await _said(first, FOLDING)
        first.send_signal(signal.SIGSTOP)
        await stack.enter_async_context(process("tests.kafka.replaying", *arguments))
        await _until(replays, id_, lambda row: row["state"] == State.FOLLOWING)
        assert first.stdin is not None
        first.stdin.write(b"go on\n")
        first.send_signal(signal.SIGCONT)
        said = await _said(first, b"replay.")

        await publisher.publish(40)
        await until_counted(store, publisher.published, live)
        replays.wish(id_, Wish.SWITCH)
        await _until(replays, id_, lambda row: row["state"] == State.SWITCHED)
        await publisher.publish(40)
        await until_counted(store, publisher.published, live)
    assert not said or b"replay.lease_lost" in said, "or it was stopped in a transaction, and that ended it"
    assert counted(store) == publisher.published
    assert all(in_order(moods(store, member)) for member in MEMBERS)


async def _said(process: asyncio.subprocess.Process, wanted: bytes) -> bytes:
    """The first line that has this in it; nothing where the process ended before."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while (line := await process.stdout.readline()) and wanted not in line:
            pass
    return line


async def _until(replays: Replays, id_: UUID, wanted: Any) -> dict[str, Any]:
    """Never shows less done than before on the way."""
    done = 0
    async with asyncio.timeout(PATIENCE):
        while not wanted(row := await asyncio.to_thread(replays.get, id_)):
            assert row["state"] != State.FAILED, row["problem"]
            assert row["done"] >= done
            done = row["done"]
            await asyncio.sleep(0.02)
    return row


async def test_one_that_was_killed_before_it_could_say_that_it_had_switched_is_said_to_have_and_nothing_is_built(
    store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    tally = tally_of(topic)
    replaying = Replaying(store, database_url, tally.name, tally.views, kafka, utc_now)
    async with publishing(kafka, topic) as publisher:
        await publisher.publish(200)
        async with working(StreamWorker(tally, store, database_url, kafka)) as live:
            await until_counted(store, publisher.published, live)
            row = await replaying.start(Ask("counted", "shadow", "ops", {}, switch_by_itself=True))
            await replaying.work(row)
            for wish, unsaid, said in (
                (Wish.SWITCH, State.FOLLOWING, State.SWITCHED),
                (Wish.ROLL_BACK, State.SWITCHED, State.ROLLED_BACK),
            ):
                if wish is Wish.ROLL_BACK:
                    replaying.replays.wish(row["id"], wish)
                    await _taken(replaying)
                _unsay(store, row["id"], unsaid, wish)
                await _taken(replaying)
                assert replaying.replays.get(row["id"])["state"] == said
            await publisher.publish(40)
            await until_counted(store, publisher.published, live)
    assert counted(store) == publisher.published


async def _taken(replaying: Replaying) -> None:
    row = replaying.replays.take(uuid4())
    assert row is not None
    await replaying.work(row)


def _unsay(store: EventStore, id_: UUID, state: State, wish: Wish) -> None:
    """The row is as it was when the process was killed, and its lease is over."""
    with store.transaction() as cursor:
        cursor.execute("UPDATE replays SET state = %s, wish = %s, lease = NULL WHERE id = %s", (state, wish, id_))
