"""The chain's head gets to Kafka, whatever dies where."""

from __future__ import annotations

import asyncio

import pytest

from services.checkins.relay import translate
from shared.kafka.relay import Relay
from shared.kafka.relay_position import RelayPosition
from shared.kafka.verifying import Verifying
from shared.store.chain import Tampered, genesis, links_after
from shared.store.event_store import EventStore
from tests.kafka.heads import head_at, heads_of, until_told
from tests.kafka.streaming import PATIENCE, end_of, process, records_of
from tests.kafka.test_relay import check_ins, relaying


async def test_an_idle_services_last_event_is_in_a_head_within_a_moment(
    store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    async with relaying(Relay(store, database_url, topic, translate, kafka)):
        for _ in range(3):
            (sequence,) = await asyncio.to_thread(store.record, check_ins(1))
            await until_told(kafka, topic, sequence)
    for head in await heads_of(kafka, topic):
        assert head == head_at(store, head.sequence)


async def test_a_relay_that_was_killed_before_it_told_the_head_tells_it_when_it_is_back(
    store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    async with relaying(Relay(store, database_url, topic, translate, kafka)):
        await until_told(kafka, topic, (await asyncio.to_thread(store.record, check_ins(5)))[-1])
    ids = await asyncio.to_thread(store.record, check_ins(5))
    position = RelayPosition(store, topic)
    links = links_after(genesis("checkins"), store.stored(0, 100))
    position.get()
    position.move(ids[-1], links[5:])  # and then it was killed
    async with relaying(Relay(store, database_url, topic, translate, kafka)):
        await until_told(kafka, topic, ids[-1])
    assert (await heads_of(kafka, topic))[-1].hash == links[-1].hash.hex()


async def test_relays_that_are_killed_at_any_moment_leave_a_chain_without_a_fault(
    store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    arguments = ("tests.bench.relaying", "chained", database_url, kafka, topic)
    for number in range(5):
        async with process(*arguments) as leader, process(*arguments) as standby:
            ids = await asyncio.to_thread(store.record, check_ins(1_500))
            await _until_chained(store, ids[0] + 200 * number)
            leader.kill()
            standby.kill()
    async with relaying(Relay(store, database_url, topic, translate, kafka)):
        await until_told(kafka, topic, ids[-1])
    verdict = [one async for one in Verifying(store, topic, kafka).run()][-1]
    assert (verdict.found, verdict.unchained, verdict.events) == (None, 0, ids[-1])


async def _until_chained(store: EventStore, sequence: int) -> None:
    """Another process chains: there is nothing to await."""
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(_chained, store) < sequence:
            await asyncio.sleep(0.01)


def _chained(store: EventStore) -> int:
    with store.statement() as cursor:
        cursor.execute("SELECT max(notification_id) AS n FROM chain")
        return int((cursor.fetchone() or {})["n"] or 0)


async def test_a_relay_that_is_to_send_again_what_was_changed_since_ends_and_sends_none_of_it(
    store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    async with relaying(Relay(store, database_url, topic, translate, kafka)):
        await until_told(kafka, topic, (await asyncio.to_thread(store.record, check_ins(30)))[-1])
    with store.transaction() as cursor:
        cursor.execute("UPDATE checkins_events SET state = state || '\\x20'::bytea WHERE notification_id = 7")
    RelayPosition(store, topic).set_back(0)
    with pytest.raises(Tampered, match="checkins:7 is not what was chained"):
        await asyncio.wait_for(Relay(store, database_url, topic, translate, kafka).run(), PATIENCE)
    assert await end_of(kafka, topic) == 30


async def test_a_history_that_is_sent_to_another_broker_takes_its_head_along(
    store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    async with relaying(Relay(store, database_url, topic, translate, kafka)):
        await until_told(kafka, topic, (await asyncio.to_thread(store.record, check_ins(30)))[-1])
        before = await heads_of(kafka, topic)
        RelayPosition(store, topic).set_back(10)
        await records_of(kafka, topic, 50)
        async with asyncio.timeout(PATIENCE):
            while len(await heads_of(kafka, topic)) == len(before):
                await asyncio.sleep(0.05)
    assert {head.sequence for head in await heads_of(kafka, topic)} == {head.sequence for head in before}


async def test_a_service_that_was_never_chained_goes_on_relaying_while_its_history_is_chained(
    store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    await asyncio.to_thread(store.record, check_ins(12_000))
    position = RelayPosition(store, topic)
    position.get()
    position.move(12_000)
    async with relaying(Relay(store, database_url, topic, translate, kafka)):
        await asyncio.to_thread(store.record, check_ins(10))
        await records_of(kafka, topic, 10)
        await until_told(kafka, topic, 12_010)
    assert (await heads_of(kafka, topic))[-1] == head_at(store, 12_010)
