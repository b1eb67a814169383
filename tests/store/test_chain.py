"""The chain as a leader makes it, over a real store; its head in Kafka and `verify` are in tests/kafka."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from uuid import UUID, uuid4

import pytest

from shared.kafka import relay_position
from shared.kafka.relay_position import RelayPosition, SetBack
from shared.store.chain import CATCH_UP, Chain, Link, Tampered, genesis, links_after
from shared.store.event_store import EventStore
from tests.store.lamps import LampSwitched, count, switched

TOPIC = "lamps.events"


@pytest.fixture
def store(new_database: Callable[[], str]) -> Iterator[EventStore]:
    with EventStore("lamps", new_database(), relay_position.SCHEMA) as store:
        yield store


def chain_of(store: EventStore) -> Chain:
    chain = Chain(store)
    chain.read()
    return chain


def follow(store: EventStore, chain: Chain, position: RelayPosition) -> None:
    """As a relay does with one batch."""
    after = position.get()
    stored = store.stored(after, 1_000)
    links = chain.links(after, stored)
    position.move(stored[-1].id, links)
    chain.extended(links)


def rows(store: EventStore) -> list[Link]:
    with store.statement() as cursor:
        cursor.execute("SELECT * FROM chain ORDER BY notification_id")
        return [Link(row["notification_id"], bytes(row["hash"])) for row in cursor]


def run(store: EventStore, statement: str) -> None:
    with store.transaction() as cursor:
        cursor.execute(statement.encode())


def test_a_link_is_the_hash_of_the_one_before_and_of_every_stored_byte(store: EventStore) -> None:
    """Written out by hand, since what was chained once must be computed so for ever."""
    event = LampSwitched(originator_id=UUID(int=7), originator_version=1, at=switched().at)
    store.record([event])
    (stored,) = store.stored(0, 10)
    topic, state = stored.topic.encode(), bytes(stored.state)
    written = (1).to_bytes(8, "big") + UUID(int=7).bytes + (1).to_bytes(8, "big")
    written += len(topic).to_bytes(8, "big") + len(state).to_bytes(8, "big") + topic + state
    before = sha256(b"alongside chain 1 lamps").digest()
    assert links_after(genesis("lamps"), [stored]) == [Link(1, sha256(before + written).digest())]


def test_what_is_followed_in_batches_is_what_is_chained_at_once(store: EventStore) -> None:
    chain, position = chain_of(store), RelayPosition(store, TOPIC)
    for size in (1, 3, 40):
        store.record([switched() for _ in range(size)])
        follow(store, chain, position)
    assert rows(store) == links_after(genesis("lamps"), store.stored(0, 1_000))
    assert chain_of(store).tail == chain.tail == rows(store)[-1]


def test_a_gap_that_a_refused_command_left_is_no_break(store: EventStore) -> None:
    lamp = uuid4()
    store.record([switched(lamp)])
    with pytest.raises(Exception, match="duplicate"):
        store.record([switched(lamp)])
    store.record([switched()])
    chain, position = chain_of(store), RelayPosition(store, TOPIC)
    follow(store, chain, position)
    assert [link.sequence for link in rows(store)] == [1, 3]


def test_links_and_position_are_stored_together_or_not_at_all(store: EventStore) -> None:
    store.record([switched() for _ in range(5)])
    chain, leader = chain_of(store), RelayPosition(store, TOPIC)
    leader.get()
    links = chain.links(0, store.stored(0, 1_000))
    RelayPosition(store, TOPIC).set_back(0)
    with pytest.raises(SetBack):
        leader.move(5, links)
    assert (rows(store), leader.get()) == ([], 0)
    leader.move(5, links)
    assert (rows(store), leader.get()) == (links, 5)


def test_of_two_who_take_themselves_for_the_leader_one_chains_and_the_other_goes_on_from_there(store: EventStore) -> None:
    store.record([switched() for _ in range(5)])
    zombie, leader = chain_of(store), chain_of(store)
    old, new = RelayPosition(store, TOPIC), RelayPosition(store, TOPIC)
    old.get()
    links = zombie.links(0, store.stored(0, 1_000))
    follow(store, leader, new)
    with pytest.raises(SetBack):
        old.move(5, links)
    zombie.read()
    store.record([switched()])
    follow(store, zombie, old)
    assert rows(store) == links_after(genesis("lamps"), store.stored(0, 1_000))


def test_what_is_sent_again_is_not_chained_again(store: EventStore) -> None:
    chain, position = chain_of(store), RelayPosition(store, TOPIC)
    store.record([switched() for _ in range(30)])
    follow(store, chain, position)
    before = rows(store)
    position.set_back(12)
    store.record([switched() for _ in range(3)])
    follow(store, chain, position)
    assert rows(store)[:30] == before
    assert rows(store) == links_after(genesis("lamps"), store.stored(0, 1_000))


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE lamps_events SET state = '{}' WHERE notification_id = 20",
        "DELETE FROM lamps_events WHERE notification_id = 20",
        "UPDATE chain SET hash = sha256('') WHERE notification_id = 20",
        "DELETE FROM chain WHERE notification_id = 20",
    ],
)
def test_what_is_sent_again_must_be_what_was_chained(store: EventStore, tampering: str) -> None:
    chain, position = chain_of(store), RelayPosition(store, TOPIC)
    store.record([switched() for _ in range(30)])
    follow(store, chain, position)
    run(store, tampering)
    position.set_back(12)
    with pytest.raises(Tampered, match="lamps:20 is not what was chained"):
        follow(store, chain, position)


def test_a_position_from_before_there_was_a_chain_is_kept_and_known_as_not_chained_until_links_come_with_it(
    new_database: Callable[[], str],
) -> None:
    def chained(store: EventStore) -> list[tuple[int, bool]]:
        with store.statement() as cursor:
            cursor.execute("SELECT position, chained FROM relay_position")
            return [(row["position"], row["chained"]) for row in cursor]

    url = new_database()
    before = "CREATE TABLE relay_position (topic text PRIMARY KEY, position bigint, resets bigint DEFAULT 0)"
    with EventStore("lamps", url, (before, f"INSERT INTO relay_position VALUES ('{TOPIC}', 9)")) as store:
        store.record([switched() for _ in range(9)])
    with EventStore("lamps", url, relay_position.SCHEMA) as store:
        assert chained(store) == [(9, False)]
        chain, position = chain_of(store), RelayPosition(store, TOPIC)
        store.record([switched()])
        follow(store, chain, position)
        assert chained(store) == [(10, False)]
        chain.catch_up(10)
        store.record([switched()])
        follow(store, chain, position)
        assert chained(store) == [(11, True)]


def test_a_store_that_was_never_chained_is_chained_from_its_first_event_in_steps(store: EventStore) -> None:
    for _ in range(3):
        store.record([switched() for _ in range(CATCH_UP // 2)])
    last = 3 * (CATCH_UP // 2)
    RelayPosition(store, TOPIC).move(last)
    chain, position = chain_of(store), RelayPosition(store, TOPIC)
    store.record([switched()])
    follow(store, chain, position)
    assert (count(store, "chain"), chain.behind(last + 1)) == (0, True)  # what is new doesn't wait for what is old
    chain.catch_up(last + 1)
    assert (count(store, "chain"), chain.behind(last + 1)) == (CATCH_UP, True)
    chain.catch_up(last + 1)
    assert (count(store, "chain"), chain.behind(last + 1)) == (last + 1, False)
    store.record([switched()])
    follow(store, chain, position)
    assert rows(store) == links_after(genesis("lamps"), store.stored(0, 10 * CATCH_UP))


def test_catching_up_ends_where_another_has_chained_it(store: EventStore) -> None:
    store.record([switched() for _ in range(9)])
    RelayPosition(store, TOPIC).move(9)
    zombie, leader = chain_of(store), chain_of(store)
    leader.catch_up(9)
    zombie.catch_up(9)
    assert (zombie.tail, zombie.behind(9)) == (leader.tail, False)
