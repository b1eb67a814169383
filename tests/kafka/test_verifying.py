"""What somebody changes in a store after it was chained is found and named, by the chain beside it or by Kafka's heads."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from services.checkins.__main__ import SCHEMA
from services.checkins.relay import TOPIC, translate
from shared.kafka.relay import Relay
from shared.kafka.relay_position import RelayPosition
from shared.kafka.topics import heads_beside
from shared.kafka.verifying import Compared, Verdict, Verifying
from shared.store import encryption
from shared.store.chain import genesis, links_after
from shared.store.chain_walk import Kind
from shared.store.event_store import EventStore
from shared.store.events import PrivateEvent
from tests.architecture.tree import ROOT
from tests.kafka.heads import head_at, heads_of, until_told
from tests.kafka.streaming import PATIENCE
from tests.kafka.test_relay import check_in, check_ins, relaying


@pytest.fixture
def chained(store: EventStore, database_url: str, topic: str, kafka: str) -> Callable[[list[PrivateEvent]], None]:
    """Stores events and returns when Kafka has the head of them."""

    async def chain(events: list[PrivateEvent]) -> None:
        ids = await asyncio.to_thread(store.record, events)
        async with relaying(Relay(store, database_url, topic, translate, kafka)):
            await until_told(kafka, topic, ids[-1])

    return lambda events: asyncio.run(chain(events))


def verified(store: EventStore, topic: str, kafka: str, with_kafka: bool = True) -> Verdict:
    async def last() -> Verdict:
        return [verdict async for verdict in Verifying(store, topic, kafka, with_kafka).run()][-1]

    return asyncio.run(last())


def run(store: EventStore, *statements: str) -> None:
    with store.transaction() as cursor:
        for statement in statements:
            cursor.execute(statement.encode())


def rechain(store: EventStore) -> None:
    """As somebody does who may write to the whole database and knows how it is computed."""
    links = links_after(genesis(store.service), store.stored(0, 100_000))
    with store.transaction() as cursor:
        cursor.execute("DELETE FROM chain")
        cursor.executemany("INSERT INTO chain VALUES (%s, %s)", links)


def test_a_store_that_nobody_touched_agrees_with_its_chain_and_with_every_head(
    chained: Callable[[list[PrivateEvent]], None], store: EventStore, topic: str, kafka: str
) -> None:
    chained(check_ins(20))
    chained(check_ins(30))
    verdict = verified(store, topic, kafka)
    assert (verdict.found, verdict.events, verdict.chained, verdict.agreed) == (None, 50, 50, 50)
    assert (verdict.compared, verdict.unchained) == (Compared.YES, 0)
    assert verdict.heads >= 2


TAMPERING = {
    "a changed text": ("UPDATE checkins_events SET state = state || '\\x20'::bytea WHERE notification_id = 7", Kind.CHANGED, 7),
    "a text that is gone": ("UPDATE checkins_events SET state = NULL WHERE notification_id = 7", Kind.CHANGED, 7),
    "another type": ("UPDATE checkins_events SET topic = 'checkins.MemberErased' WHERE notification_id = 7", Kind.CHANGED, 7),
    "another version": ("UPDATE checkins_events SET originator_version = 9 WHERE notification_id = 7", Kind.CHANGED, 7),
    "another's event": (
        "UPDATE checkins_events SET originator_id = gen_random_uuid() WHERE notification_id = 7",
        Kind.CHANGED,
        7,
    ),
    "the last one changed": ("UPDATE checkins_events SET state = '{}' WHERE notification_id = 20", Kind.CHANGED, 20),
    "one deleted": ("DELETE FROM checkins_events WHERE notification_id = 7", Kind.MISSING, 7),
    "the last one deleted": ("DELETE FROM checkins_events WHERE notification_id = 20", Kind.MISSING, 20),
    "one moved to the end": ("UPDATE checkins_events SET notification_id = 99 WHERE notification_id = 7", Kind.MISSING, 7),
    "one added before all": (
        "INSERT INTO checkins_events SELECT gen_random_uuid(), 1, topic, state, 0 FROM checkins_events LIMIT 1",
        Kind.ADDED,
        0,
    ),
    "one added where a gap was": (
        "INSERT INTO checkins_events SELECT gen_random_uuid(), 1, topic, state, 21 FROM checkins_events LIMIT 1",
        Kind.ADDED,
        21,
    ),
    "two that changed places": (
        "UPDATE checkins_events SET notification_id = CASE notification_id WHEN 7 THEN -9 ELSE -7 END"
        " WHERE notification_id IN (7, 9); UPDATE checkins_events SET notification_id = -notification_id"
        " WHERE notification_id < 0",
        Kind.REORDERED,
        7,
    ),
    "a row of the chain deleted": ("DELETE FROM chain WHERE notification_id = 7", Kind.UNLINKED, 7),
    "a row of the chain changed": ("UPDATE chain SET hash = sha256('') WHERE notification_id = 7", Kind.RELINKED, 7),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_is_found_and_the_first_event_of_it_named(
    how: str, chained: Callable[[list[PrivateEvent]], None], store: EventStore, topic: str, kafka: str
) -> None:
    chained(check_ins(20))
    run(store, "SELECT nextval('checkins_events_notification_id_seq')")  # a command that was refused
    chained(check_ins(5))
    statement, kind, sequence = TAMPERING[how]
    before = {event.id: event for event in store.stored(0, 100)}
    run(store, *statement.split("; "))
    for with_kafka in (True, False):
        found = verified(store, topic, kafka, with_kafka).found
        assert found is not None
        assert (found.sequence, found.kind) == (sequence, kind)
        if kind in (Kind.UNLINKED, Kind.RELINKED):
            assert (found.aggregate, found.topic) == (before[7].originator_id, before[7].topic)
        assert "sealed" not in found.said


def test_events_and_chain_rewritten_together_are_found_between_two_heads(
    chained: Callable[[list[PrivateEvent]], None], store: EventStore, topic: str, kafka: str
) -> None:
    for _ in range(3):
        chained(check_ins(10))
    run(store, "UPDATE checkins_events SET state = state || '\\x20'::bytea WHERE notification_id = 17")
    rechain(store)
    assert verified(store, topic, kafka, with_kafka=False).found is None
    found = verified(store, topic, kafka).found
    assert found is not None
    assert (found.kind, found.after, found.sequence) == (Kind.REWRITTEN, 10, 20)


def test_the_newest_events_cut_off_with_their_links_are_missed_by_kafka(
    chained: Callable[[list[PrivateEvent]], None], store: EventStore, topic: str, kafka: str
) -> None:
    chained(check_ins(10))
    chained(check_ins(10))
    run(store, "DELETE FROM checkins_events WHERE notification_id > 8", "DELETE FROM chain WHERE notification_id > 8")
    found = verified(store, topic, kafka).found
    assert found is not None
    assert (found.kind, found.sequence) == (Kind.CUT_OFF, 9)
    assert "2 events fewer than Kafka knows of: the store ends at 8" in found.said


def test_an_older_backup_that_went_on_has_another_history_than_kafka(
    chained: Callable[[list[PrivateEvent]], None], store: EventStore, topic: str, kafka: str
) -> None:
    chained(check_ins(10))
    chained(check_ins(10))
    run(
        store,
        "DELETE FROM checkins_events WHERE notification_id > 12",
        "DELETE FROM chain WHERE notification_id > 12",
        "SELECT setval('checkins_events_notification_id_seq', 12)",
        "UPDATE relay_position SET position = 12",
    )
    chained(check_ins(20))
    found = verified(store, topic, kafka).found
    assert found is not None
    assert (found.kind, found.after, found.sequence) == (Kind.REWRITTEN, 10, 20)


@pytest.mark.parametrize(
    "value", [None, b"no head", b'{"service":"checkins","sequence":10,"hash":"00","at":"2026-01-01T00:00:00Z"}']
)
def test_a_head_that_no_relay_told_is_found(
    value: bytes | None, chained: Callable[[list[PrivateEvent]], None], store: EventStore, topic: str, kafka: str
) -> None:
    chained(check_ins(10))

    async def forge() -> None:
        async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
            await producer.send_and_wait(heads_beside(topic), value, b"checkins")

    asyncio.run(forge())
    chained(check_ins(10))
    found = verified(store, topic, kafka).found
    assert found is not None
    assert (found.kind, found.after) == (Kind.REWRITTEN, 10)


def test_links_cut_off_alone_are_told_as_not_chained_and_the_heads_hold_for_their_events(
    chained: Callable[[list[PrivateEvent]], None], store: EventStore, topic: str, kafka: str
) -> None:
    chained(check_ins(20))
    run(store, "DELETE FROM chain WHERE notification_id > 8")
    verdict = verified(store, topic, kafka)
    assert (verdict.found, verdict.unchained, verdict.agreed) == (None, 12, 20)
    run(store, "UPDATE checkins_events SET state = '{}' WHERE notification_id = 15")
    found = verified(store, topic, kafka).found
    assert found is not None
    assert found.kind == Kind.REWRITTEN


def test_what_no_relay_has_chained_yet_is_counted(
    chained: Callable[[list[PrivateEvent]], None], store: EventStore, topic: str, kafka: str
) -> None:
    chained(check_ins(20))
    store.record(check_ins(3))
    verdict = verified(store, topic, kafka)
    assert (verdict.found, verdict.events, verdict.unchained) == (None, 23, 3)


def test_erasing_a_key_changes_nothing(
    chained: Callable[[list[PrivateEvent]], None], store: EventStore, topic: str, kafka: str
) -> None:
    run(store, *encryption.SCHEMA)
    chained(check_ins(10))
    run(store, "DELETE FROM member_keys")
    assert verified(store, topic, kafka).found is None


def test_sending_again_changes_nothing(
    chained: Callable[[list[PrivateEvent]], None], store: EventStore, topic: str, kafka: str
) -> None:
    chained(check_ins(30))
    RelayPosition(store, topic).set_back(0)
    chained(check_ins(1))
    verdict = verified(store, topic, kafka)
    assert (verdict.found, verdict.events, verdict.unchained) == (None, 31, 0)


def test_more_than_a_batch_is_gone_through_in_order(
    chained: Callable[[list[PrivateEvent]], None], store: EventStore, topic: str, kafka: str
) -> None:
    chained(check_ins(12_000))
    verdict = verified(store, topic, kafka)
    assert (verdict.found, verdict.events, verdict.agreed) == (None, 12_000, 12_000)
    run(store, "UPDATE checkins_events SET state = '{}' WHERE notification_id = 11000")
    found = verified(store, topic, kafka).found
    assert found is not None
    assert (found.kind, found.sequence) == (Kind.CHANGED, 11_000)


async def test_an_idle_services_last_event_is_in_a_head_within_a_moment(
    store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    async with relaying(Relay(store, database_url, topic, translate, kafka)):
        for _ in range(3):
            (sequence,) = await asyncio.to_thread(store.record, [check_in(MEMBER)])
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
    new_database: Callable[[], str], kafka: str, tmp_path: Path
) -> None:
    url, killed = new_database(), 0
    with EventStore("checkins", url, SCHEMA) as store:
        while killed < 6:
            relays = [await _started(url, kafka, tmp_path) for _ in range(2)]
            ids = await asyncio.to_thread(store.record, check_ins(1_500 + 10 * killed))
            await _until_chained(store, ids[0] + 100 * killed)
            for relay in relays:
                relay.kill()
                await relay.wait()
            killed += 1
        async with relaying(Relay(store, url, TOPIC, translate, kafka)):
            await until_told(kafka, TOPIC, ids[-1])
        verdict = [one async for one in Verifying(store, TOPIC, kafka).run()][-1]
    assert (verdict.found, verdict.unchained, verdict.events) == (None, 0, ids[-1])


async def test_the_command_says_what_it_found_and_ends_accordingly(
    new_database: Callable[[], str], kafka: str, tmp_path: Path
) -> None:
    url, away = new_database(), "127.0.0.1:1"
    with EventStore("checkins", url, SCHEMA) as store:
        ids = await asyncio.to_thread(store.record, check_ins(10))
        position = RelayPosition(store, TOPIC)
        position.move(ids[-1], links_after(genesis("checkins"), store.stored(0, 100)))
        code, out, _ = await _verify(url, away, tmp_path, "--json")
        said = json.loads(out.splitlines()[-1])
        assert (code, said["events"], said["kafka"], said["found"], said["done"]) == (2, 10, "away", None, True)
        assert (await _verify(url, away, tmp_path, "--without-kafka"))[0] == 0
        code, out, _ = await _verify(url, away, tmp_path)
        assert (code, "Kafka is away: its heads were not compared" in out) == (2, True)
        with store.transaction() as cursor:
            cursor.execute("UPDATE checkins_events SET state = '{}' WHERE notification_id = 3")
        event = store.stored(2, 1)[0]
        code, out, _ = await _verify(url, away, tmp_path)
        assert code == 1
        assert f"event 3 (checkins.CheckInRecorded, version 1 of {event.originator_id}) was changed" in out
        code, out, _ = await _verify(url, away, tmp_path, "--json")
        found = json.loads(out.splitlines()[-1])["found"]
        assert (code, found["kind"], found["sequence"], found["version"]) == (1, "changed", 3, 1)


MEMBER = check_ins(1)[0].originator_id


async def _until_chained(store: EventStore, sequence: int) -> None:
    """Another process chains: there is nothing to await."""
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(_chained, store) < sequence:
            await asyncio.sleep(0.01)


def _chained(store: EventStore) -> int:
    with store.statement() as cursor:
        cursor.execute("SELECT max(notification_id) AS n FROM chain")
        return int((cursor.fetchone() or {})["n"] or 0)


async def _started(url: str, kafka: str, keys: Path) -> asyncio.subprocess.Process:
    return await _command(url, kafka, keys, "relay")


async def _verify(url: str, kafka: str, keys: Path, *arguments: str) -> tuple[int | None, str, str]:
    process = await _command(url, kafka, keys, "verify", *arguments)
    out, error = await process.communicate()
    return process.returncode, out.decode(), error.decode()


async def _command(url: str, kafka: str, keys: Path, *arguments: str) -> asyncio.subprocess.Process:
    own = {"CHECKINS_DATABASE_URL": url, "KAFKA_BOOTSTRAP": kafka, "CHECKINS_URL": "http://127.0.0.1:1"}
    environment = {**os.environ, **own, "ALONGSIDE_KEYS": str(keys), "COLUMNS": "200"}
    environment["CHECKINS_RELAY_URL"] = "http://127.0.0.1:0"
    command = (sys.executable, "-m", "services.checkins", *arguments)
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe)
