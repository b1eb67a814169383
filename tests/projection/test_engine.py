from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from psycopg import Cursor
from psycopg.rows import DictRow

from shared.projection.engine import ATTEMPTS, Engine
from shared.projection.positions import Fenced, Owned
from shared.projection.reader import Changes, Received
from shared.store.event_store import Conflict, EventStore, Unavailable, Write
from shared.store.events import PrivateEvent
from tests.projection.counting import POISON, TOPIC, Counting, moods, parked_offsets, record


class Noticed(PrivateEvent, frozen=True, kw_only=True):
    pass


def noticed() -> Noticed:
    return Noticed(originator_id=uuid4(), originator_version=1, at=datetime(2026, 3, 2, tzinfo=UTC))


@pytest.fixture
def owned(engine: Engine) -> Owned:
    return engine.positions.claim(TOPIC, 0)


def test_a_batch_is_folded_and_the_position_moves_with_it(engine: Engine, owned: Owned, store: EventStore) -> None:
    engine.take(owned, [record(0, mood=1), record(1, mood=2), record(2, mood=3)])
    assert moods(store) == [1, 2, 3]
    assert (owned.next_offset, owned.sequence) == (3, 30)
    again = engine.positions.claim(TOPIC, 0)
    assert (again.next_offset, again.sequence, list(again.recent)) == (3, 30, [10, 20, 30])


def test_a_batch_below_the_position_is_skipped(engine: Engine, owned: Owned, store: EventStore) -> None:
    engine.take(owned, [record(0, mood=1), record(1, mood=2)])
    engine.take(owned, [record(0, mood=1), record(1, mood=2)])
    engine.take(owned, [record(1, mood=2), record(2, mood=3)])
    assert moods(store) == [1, 2, 3]


def test_what_the_relay_sent_again_is_skipped_by_its_sequence(engine: Engine, owned: Owned, store: EventStore) -> None:
    engine.take(owned, [record(0, 10, mood=1), record(1, 20, mood=2)])
    engine.take(owned, [record(2, 10, mood=1), record(3, 20, mood=2), record(4, 30, mood=3), record(5, 20, mood=2)])
    engine.take(owned, [record(6, 30, mood=3)])
    assert moods(store) == [1, 2, 3]
    assert (owned.next_offset, owned.sequence) == (7, 30)


def test_an_owner_that_was_followed_by_another_writes_nothing(engine: Engine, owned: Owned, store: EventStore) -> None:
    other = engine.positions.claim(TOPIC, 0)
    with pytest.raises(Fenced):
        engine.take(owned, [record(0, mood=1)])
    assert moods(store) == []
    engine.take(other, [record(0, mood=2)])
    assert moods(store) == [2]


def test_an_owner_that_is_behind_its_own_position_writes_nothing(engine: Engine, owned: Owned, store: EventStore) -> None:
    stale = Owned(owned.topic, owned.partition, owned.epoch, 0, 0)
    engine.take(owned, [record(0, mood=1)])
    with pytest.raises(Fenced):
        engine.take(stale, [record(0, mood=1)])
    assert moods(store) == [1]


def test_a_fenced_owner_does_not_park_what_it_may_not_take(engine: Engine, owned: Owned, store: EventStore) -> None:
    engine.positions.claim(TOPIC, 0)
    with pytest.raises(Fenced):
        engine.take(owned, [record(0, mood=POISON), record(1, mood=1)])
    assert parked_offsets(store) == []


def test_a_poison_event_is_parked_and_the_rest_flows_on(engine: Engine, owned: Owned, store: EventStore) -> None:
    engine.take(owned, [record(offset, mood=POISON if offset == 2 else 1 + offset % 4) for offset in range(6)])
    assert moods(store) == [1, 2, 4, 1, 2]
    assert parked_offsets(store) == [(2, "ZeroDivisionError")]
    assert owned.next_offset == 6


def test_what_cannot_be_read_is_parked_in_the_batchs_own_transaction(
    engine: Engine, owned: Owned, store: EventStore, reader: Counting
) -> None:
    wrong = [
        record(0, mood=1),
        record(1, value="{"),
        record(2, ce_sequence="soon"),
        record(3, ce_type="alongside.checkins.CheckInRecorded.v9"),
        record(4, mood=2),
    ]
    engine.take(owned, wrong)
    assert moods(store) == [1, 2]
    assert reader.batches == [[10, 50]]
    assert parked_offsets(store) == [(1, "ValidationError"), (2, "ValueError"), (3, "NewerVersion")]


def test_types_that_nobody_here_knows_are_passed_over(engine: Engine, owned: Owned, store: EventStore) -> None:
    unknown = record(0, ce_type="alongside.checkins.Invented.v1"), record(1, ce_type="")
    engine.take(owned, [*unknown, record(2, mood=1)])
    assert (moods(store), parked_offsets(store), owned.next_offset) == ([1], [], 3)


def test_a_batch_of_nothing_but_unreadable_records_moves_the_position(engine: Engine, owned: Owned, store: EventStore) -> None:
    engine.take(owned, [record(0, value="x"), record(1, ce_type="nothing")])
    assert (owned.next_offset, owned.sequence, len(parked_offsets(store))) == (2, 0, 1)


def test_a_parked_event_keeps_what_is_needed_to_try_it_again(engine: Engine, owned: Owned, store: EventStore) -> None:
    poison = record(0, mood=POISON)
    engine.take(owned, [poison])
    with store.transaction() as cursor:
        cursor.execute("SELECT * FROM parked")
        row = cursor.fetchone()
    assert row is not None
    assert (bytes(row["key"]), bytes(row["value"]), row["type"]) == (poison.key, poison.value, poison.header("ce_type"))


class Interrupted(Counting):
    """Somebody else writes the same aggregate's version, the first `times` times."""

    def __init__(self, store: EventStore, times: int) -> None:
        super().__init__()
        self._store, self._times = store, times

    def advance(self, received: Sequence[Received]) -> Changes:
        self.events = (event := noticed(),)
        if len(self.batches) < self._times:
            self._store.record([event])
        return super().advance(received)


def test_a_conflict_is_decided_again(store: EventStore) -> None:
    reader = Interrupted(store, ATTEMPTS - 1)
    engine = Engine(store, reader)
    engine.take(engine.positions.claim(TOPIC, 0), [record(0, mood=1), record(1, mood=2)])
    assert len(reader.batches) == ATTEMPTS
    assert moods(store) == [1, 2]


def test_a_conflict_without_end_is_parked_and_not_lost(store: EventStore) -> None:
    engine = Engine(store, Interrupted(store, 10 * ATTEMPTS))
    engine.take(engine.positions.claim(TOPIC, 0), [record(0, mood=1)])
    assert parked_offsets(store) == [(0, Conflict.__name__)]


class Away(Counting):
    def write(self, one: Received) -> Write:
        def write(_: Cursor[DictRow]) -> None:
            raise Unavailable[0]

        return write


def test_a_database_that_is_away_parks_nothing_and_moves_nothing(store: EventStore) -> None:
    engine = Engine(store, Away())
    owned = engine.positions.claim(TOPIC, 0)
    with pytest.raises(Unavailable):
        engine.take(owned, [record(0), record(1)])
    assert (owned.next_offset, parked_offsets(store)) == (0, [])


def test_events_of_the_readers_own_are_stored_with_the_position(
    engine: Engine, owned: Owned, store: EventStore, reader: Counting
) -> None:
    reader.events = (event := noticed(),)
    engine.take(owned, [record(0)])
    assert list(store.load(event.originator_id)) == [event]
