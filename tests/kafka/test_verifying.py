"""What somebody changes in a store after it was chained is found and named, by the chain beside it or by Kafka's heads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from services.checkins.__main__ import SCHEMA
from services.checkins.relay import translate
from shared.kafka.log_ends import SequenceTaken
from shared.kafka.relay import Relay
from shared.kafka.relay_position import RelayPosition
from shared.kafka.topics import heads_beside
from shared.kafka.verifying import Compared, Verdict, Verifying
from shared.store.chain import Chain, genesis, links_after
from shared.store.chain_walk import Kind
from shared.store.event_store import EventStore
from shared.store.events import PrivateEvent
from tests.checkins.serving import made_keys, serve
from tests.kafka.heads import until_told
from tests.kafka.test_relay import check_ins, relaying


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
    "three rows of the chain deleted": ("DELETE FROM chain WHERE notification_id BETWEEN 7 AND 9", Kind.UNLINKED, 7),
    "the last rows of the chain deleted": ("DELETE FROM chain WHERE notification_id > 6", Kind.NOT_CHAINED, 7),
    "all rows of the chain deleted": ("DELETE FROM chain", Kind.NOT_CHAINED, 1),
    "another put in the last one's place": (
        "DELETE FROM chain WHERE notification_id = 26; UPDATE checkins_events SET originator_id = gen_random_uuid()"
        " WHERE notification_id = 26",
        Kind.NOT_CHAINED,
        26,
    ),
    "one added above the chain, and the position set above it": (
        "UPDATE relay_position SET position = 27; INSERT INTO checkins_events SELECT gen_random_uuid(), 1, topic, state, 27"
        " FROM checkins_events LIMIT 1",
        Kind.NOT_CHAINED,
        27,
    ),
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
            assert (found.aggregate, found.topic) == (before[sequence].originator_id, before[sequence].topic)
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
    with pytest.raises(SequenceTaken):
        chained(check_ins(20))
    asyncio.run(_chained_unseen(store))
    found = verified(store, topic, kafka).found
    assert found is not None
    assert (found.kind, found.after, found.sequence) == (Kind.REWRITTEN, 10, 20)


async def _chained_unseen(store: EventStore) -> None:
    """As by an older relay, which didn't look at what its topic has."""
    chain = Chain(store)
    await asyncio.to_thread(chain.read)
    await asyncio.to_thread(chain.catch_up, store.postgres.max_notification_id() or 0)


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


@pytest.mark.parametrize("left", [8, 0])
def test_links_cut_off_with_the_position_are_missed_by_kafka_and_the_first_event_without_one_is_named(
    left: int, chained: Callable[[list[PrivateEvent]], None], store: EventStore, topic: str, kafka: str
) -> None:
    chained(check_ins(20))
    run(store, f"DELETE FROM chain WHERE notification_id > {left}", f"UPDATE relay_position SET position = {left}")
    verdict = verified(store, topic, kafka)
    assert verdict.found is not None
    assert (verdict.found.kind, verdict.found.sequence, verdict.agreed) == (Kind.UNLINKED, left + 1, 20)
    assert verdict.found.aggregate == store.stored(left, 1)[0].originator_id
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


def test_a_store_from_before_that_is_being_chained_in_steps_is_no_finding(
    store: EventStore, topic: str, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.store.chain.CATCH_UP", 8)
    ids = store.record(check_ins(20))
    RelayPosition(store, topic).move(ids[-1])
    chain, unchained = Chain(store), [20]
    chain.read()
    while chain.behind(ids[-1]):
        chain.catch_up(ids[-1])
        verdict = verified(store, topic, kafka)
        assert verdict.found is None
        unchained.append(verdict.unchained)
    assert unchained == [20, 12, 4, 0]


def test_erasing_a_member_after_their_events_were_chained_changes_nothing(
    new_database: Callable[[], str], topic: str, kafka: str, tmp_path: Path
) -> None:
    url = new_database()

    async def relayed(store: EventStore) -> None:
        last = await asyncio.to_thread(store.postgres.max_notification_id) or 0
        async with relaying(Relay(store, url, topic, translate, kafka)):
            await until_told(kafka, topic, last)

    with serve(url, made_keys(tmp_path)) as served, EventStore("checkins", url, SCHEMA) as store:
        member = served.enrol()
        assert served.check_in(member, note="tired").status_code == 201
        asyncio.run(relayed(store))
        keys = "SELECT count(*)::int AS n FROM member_keys"
        assert served.rows(keys) == [{"n": 1}]
        assert served.http.delete(f"/members/{member}", headers=served.admin()).status_code == 202
        assert served.rows(keys) == [{"n": 0}]
        asyncio.run(relayed(store))
        verdict = verified(store, topic, kafka)
        assert (verdict.found, verdict.unchained, verdict.compared) == (None, 0, Compared.YES)


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
