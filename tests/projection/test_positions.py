from __future__ import annotations

from shared.projection.engine import Engine
from shared.projection.positions import REMEMBERED, Positions
from shared.store.event_store import EventStore
from tests.projection.counting import TOPIC, record


def test_each_claim_has_a_higher_epoch_than_the_one_before(store: EventStore) -> None:
    positions = Positions(store, "counting")
    assert [positions.claim(TOPIC, 0).epoch for _ in range(3)] == [1, 2, 3]


def test_readers_topics_and_partitions_have_positions_of_their_own(store: EventStore, engine: Engine) -> None:
    engine.take(engine.claim(TOPIC, 0), [record(0)])
    others = [
        engine.claim(TOPIC, 1),
        engine.claim("alerts.events", 0),
        Positions(store, "x").claim(TOPIC, 0),
    ]
    assert [(owned.epoch, owned.next_offset) for owned in others] == [(1, 0)] * 3


def test_nothing_is_reached_before_anything_was_read(engine: Engine) -> None:
    assert not engine.positions.reached("checkins", 1)
    engine.claim(TOPIC, 0)
    assert not engine.positions.reached("checkins", 1)


def test_what_a_partition_has_taken_is_reached_and_what_it_has_not_is_not(engine: Engine) -> None:
    first, second = engine.claim(TOPIC, 0), engine.claim(TOPIC, 1)
    engine.take(first, [record(0, 5), record(1, 9)])
    assert engine.positions.reached("checkins", 9)
    assert engine.positions.reached("checkins", 5)
    assert not engine.positions.reached("checkins", 7), "another partition may still hold it"
    assert not engine.positions.reached("checkins", 10)
    assert not engine.positions.reached("alerts", 5)
    assert second.next_offset == 0


def test_what_every_partition_is_past_is_reached(engine: Engine) -> None:
    first, second = engine.claim(TOPIC, 0), engine.claim(TOPIC, 1)
    engine.take(first, [record(0, 20)])
    engine.take(second, [record(0, 30)])
    assert engine.positions.reached("checkins", 20)
    assert engine.positions.reached("checkins", 7)
    assert not engine.positions.reached("checkins", 25)


def test_what_is_older_than_all_that_a_partition_remembers_is_reached(engine: Engine) -> None:
    owned, _ = engine.claim(TOPIC, 0), engine.claim(TOPIC, 1)
    engine.take(owned, [record(offset, 100 + offset) for offset in range(REMEMBERED + 10)])
    assert len(owned.recent) == REMEMBERED
    assert engine.positions.reached("checkins", 105)
    assert not engine.positions.reached("checkins", 100 + REMEMBERED + 10)
