from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest

from services.checkins import domain
from services.checkins.domain.member import Consented
from services.checkins.relay import translate
from shared.events import read_event
from shared.kafka.records import Record
from shared.kafka.relay import Relay
from shared.store.event_store import EventStore
from shared.store.events import PrivateEvent
from tests.kafka.streaming import MEMBERS, end_of, records_of

NOW = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
NewRelay = Callable[[], Relay]


def check_in(member: UUID) -> PrivateEvent:
    return domain.CheckIn(uuid4(), member, NOW, mood=3).record(NOW, b"sealed")


def check_ins(count: int) -> list[PrivateEvent]:
    return [check_in(MEMBERS[n % len(MEMBERS)]) for n in range(count)]


@pytest.fixture
def new_relay(store: EventStore, database_url: str, topic: str, kafka: str) -> NewRelay:
    return lambda: Relay(store, database_url, topic, translate, kafka)


@asynccontextmanager
async def relaying(*relays: Relay) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def by_key(records: list[Record]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for record in records:
        found.setdefault((record.key or b"").decode(), []).append(int(record.header("ce_sequence") or ""))
    return found


async def test_every_event_is_sent_once_and_in_order_for_each_member(
    new_relay: NewRelay, store: EventStore, topic: str, kafka: str
) -> None:
    before, after = check_ins(150), check_ins(150)
    ids = list(await asyncio.to_thread(store.record, before))
    async with relaying(new_relay()):
        await records_of(kafka, topic, len(before))
        for event in after:
            ids += await asyncio.to_thread(store.record, [event])
        records = await records_of(kafka, topic, len(before + after))
    expected: dict[str, list[int]] = {}
    for event, sequence in zip(before + after, ids, strict=True):
        expected.setdefault(str(getattr(event, "member", None)), []).append(sequence)
    assert by_key(records) == expected
    assert await end_of(kafka, topic) == len(before + after)


async def test_a_record_is_a_cloudevent_in_binary_mode(new_relay: NewRelay, store: EventStore, topic: str, kafka: str) -> None:
    event = check_in(MEMBERS[0])
    (sequence,) = await asyncio.to_thread(store.record, [event])
    async with relaying(new_relay()):
        (record,) = await records_of(kafka, topic, 1)
    headers = {name: value.decode() for name, value in record.headers}
    assert UUID(headers.pop("ce_id"))
    assert headers == {
        "ce_specversion": "1.0",
        "ce_source": "/alongside/checkins",
        "ce_type": "alongside.checkins.CheckInRecorded.v2",
        "ce_time": "2026-03-02T08:15:00Z",
        "ce_subject": str(MEMBERS[0]),
        "ce_sequence": str(sequence),
        "content-type": "application/json",
    }
    assert read_event(headers["ce_type"], record.value) == translate(event)
    assert record.key == str(MEMBERS[0]).encode()


async def test_what_is_nobody_elses_business_is_passed_over(
    new_relay: NewRelay, store: EventStore, topic: str, kafka: str
) -> None:
    place = domain.Place(team="night", timezone="UTC", languages=("en",))
    member = domain.Member(uuid4(), 1, place, Consented())
    renamed = member.rename(NOW, 2, b"sealed")
    await asyncio.to_thread(store.record, [renamed, check_in(MEMBERS[0])])
    async with relaying(new_relay()):
        records = await records_of(kafka, topic, 1)
    assert [record.header("ce_type") for record in records] == ["alongside.checkins.CheckInRecorded.v2"]
    assert await end_of(kafka, topic) == 1


async def test_after_its_position_is_set_back_it_sends_the_same_ids_again(
    new_relay: NewRelay, store: EventStore, topic: str, kafka: str
) -> None:
    await asyncio.to_thread(store.record, check_ins(30))
    async with relaying(new_relay()):
        first = await records_of(kafka, topic, 30)
        await asyncio.to_thread(_until_position, store, 30)
    _set_back(store)
    async with relaying(new_relay()):
        both = await records_of(kafka, topic, 60)
    names = ("ce_id", "ce_sequence", "ce_type", "ce_subject")
    assert sorted(_said(both, names)) == sorted(_said(first, names) * 2)
    assert len({record.header("ce_id") for record in both}) == 30


async def test_of_two_relays_one_leads_and_the_other_takes_over(
    new_relay: NewRelay, store: EventStore, topic: str, kafka: str
) -> None:
    await asyncio.to_thread(store.record, check_ins(50))
    async with relaying(new_relay(), new_relay()) as tasks:
        await records_of(kafka, topic, 50)
        await asyncio.to_thread(_until_position, store, 50)
        leader, standby = tasks
        leader.cancel()
        await asyncio.wait([leader])
        await asyncio.to_thread(store.record, check_ins(50))
        records = await records_of(kafka, topic, 100)
        assert not standby.done()
    assert len({record.header("ce_id") for record in records}) == 100
    assert await end_of(kafka, topic) == 100


async def test_a_relay_that_loses_its_lock_ends(new_relay: NewRelay, store: EventStore, topic: str, kafka: str) -> None:
    await asyncio.to_thread(store.record, check_ins(1))
    task = asyncio.create_task(new_relay().run())
    await records_of(kafka, topic, 1)
    await asyncio.to_thread(_cut_the_lock, store)
    with pytest.raises(psycopg.OperationalError):
        await asyncio.wait_for(task, 10)


def _said(records: list[Record], names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [tuple(record.header(name) or "" for name in names) for record in records]


def _set_back(store: EventStore) -> None:
    with store.transaction() as cursor:
        cursor.execute("UPDATE relay_position SET position = 0")


def _until_position(store: EventStore, position: int) -> None:
    found = -1
    while found < position:
        with store.transaction() as cursor:
            cursor.execute("SELECT max(position) AS position FROM relay_position")
            found = (cursor.fetchone() or {})["position"] or 0


def _cut_the_lock(store: EventStore) -> None:
    with store.transaction() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON database = pg_database.oid"
            " WHERE locktype = 'advisory' AND datname = current_database()"
        )
