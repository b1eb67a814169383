from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast
from uuid import uuid4

import pytest
from psycopg import Cursor
from psycopg.rows import DictRow

from shared.kafka.records import Record
from shared.projection.engine import ATTEMPTS, Engine
from shared.projection.generations import OtherVersion
from shared.projection.parking_limit import COUNT, TooManyParked
from shared.projection.positions import Fenced, Owned
from shared.projection.reader import Changed, Changes
from shared.projection.tables import FEW_ROWS
from shared.projection.view import Effect
from shared.store.event_store import Conflict, EventStore, Unavailable
from shared.store.events import PrivateEvent
from tests.projection.counting import BEN, POISON, TOPIC, Counting, counting_view, mended_view, moods, parked_offsets, record


class Noticed(PrivateEvent, frozen=True, kw_only=True):
    pass


def noticed() -> Noticed:
    return Noticed(originator_id=uuid4(), originator_version=1, at=datetime(2026, 3, 2, tzinfo=UTC))


@pytest.fixture
def owned(engine: Engine) -> Owned:
    return engine.claim(TOPIC, 0)


def test_a_batch_is_folded_and_the_position_moves_with_it(engine: Engine, owned: Owned, store: EventStore) -> None:
    engine.take(owned, [record(0, mood=1), record(1, mood=2), record(2, mood=3)])
    assert moods(store) == [1, 2, 3]
    assert (owned.next_offset, owned.sequence) == (3, 30)
    again = engine.claim(TOPIC, 0)
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
    other = engine.claim(TOPIC, 0)
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
    engine.claim(TOPIC, 0)
    with pytest.raises(Fenced):
        engine.take(owned, [record(0, mood=POISON), record(1, mood=1)])
    assert parked_offsets(store) == []


def test_a_poison_event_is_parked_with_all_later_ones_of_its_subject_and_the_others_flow_on(
    engine: Engine, owned: Owned, store: EventStore
) -> None:
    engine.take(owned, [record(0, mood=1), record(1, mood=POISON), record(2, mood=2), record(3, mood=4, member=BEN)])
    engine.take(owned, [record(4, mood=3), record(5, mood=1, member=BEN)])
    assert (moods(store), moods(store, BEN)) == ([1], [4, 1])
    assert parked_offsets(store) == [(1, "ZeroDivisionError"), (2, None), (4, None)]
    assert owned.next_offset == 6


def test_what_cannot_be_read_is_parked_too(engine: Engine, owned: Owned, store: EventStore) -> None:
    members = [uuid4() for _ in range(3)]
    wrong = [
        record(0, mood=1),
        record(1, value="{", member=members[0]),
        record(2, ce_sequence="soon", member=members[1]),
        record(3, ce_type="alongside.checkins.CheckInRecorded.v9", member=members[2]),
        record(4, mood=2),
    ]
    engine.take(owned, wrong)
    assert moods(store) == [1, 2]
    assert parked_offsets(store) == [(1, "ValidationError"), (2, "ValueError"), (3, "NewerVersion")]


def test_types_that_nobody_here_knows_are_passed_over(engine: Engine, owned: Owned, store: EventStore) -> None:
    unknown = record(0, ce_type="alongside.checkins.Invented.v1"), record(1, ce_type="else.v1")
    engine.take(owned, [*unknown, record(2, mood=1)])
    assert (moods(store), parked_offsets(store), owned.next_offset) == ([1], [], 3)


def test_a_batch_of_nothing_but_unreadable_records_moves_the_position(engine: Engine, owned: Owned, store: EventStore) -> None:
    engine.take(owned, [record(0, value="x"), record(1, ce_type="nothing")])
    assert (owned.next_offset, owned.sequence, len(parked_offsets(store))) == (2, 10, 1)


def test_a_parked_event_keeps_what_is_needed_to_try_it_again(engine: Engine, owned: Owned, store: EventStore) -> None:
    poison = record(0, mood=POISON)
    engine.take(owned, [poison])
    with store.transaction() as cursor:
        cursor.execute("SELECT * FROM parked")
        row = cursor.fetchone()
    assert row is not None
    assert (bytes(row["subject"]), bytes(row["value"]), row["type"]) == (poison.key, poison.value, poison.header("ce_type"))


class Interrupted(Counting):
    """Somebody else writes the same aggregate's version, the first `times` times."""

    def __init__(self, store: EventStore, times: int) -> None:
        super().__init__()
        self._store, self._times = store, times

    def follow(self, effects: Sequence[Effect], changed: Changed) -> Changes:
        self.events = (event := noticed(),)
        if len(self.batches) < self._times:
            self._store.record([event])
        return super().follow(effects, changed)


def engine_of(store: EventStore, reader: Counting) -> Engine:
    return Engine(store, reader.name, reader.views, reader.follow)


def test_a_conflict_is_decided_again(store: EventStore) -> None:
    reader = Interrupted(store, ATTEMPTS - 1)
    engine = engine_of(store, reader)
    engine.take(engine.claim(TOPIC, 0), [record(0, mood=1), record(1, mood=2)])
    assert len(reader.batches) == ATTEMPTS
    assert moods(store) == [1, 2]


def test_a_conflict_without_end_is_parked_and_not_lost(store: EventStore) -> None:
    engine = engine_of(store, Interrupted(store, 10 * ATTEMPTS))
    engine.take(engine.claim(TOPIC, 0), [record(0, mood=1)])
    assert parked_offsets(store) == [(0, Conflict.__name__)]


def test_one_event_of_which_nothing_can_follow_is_found_among_many_and_parked(store: EventStore) -> None:
    class Picky(Counting):
        def follow(self, effects: Sequence[Effect], changed: Changed) -> Changes:
            return Changes(1 / (3 - max(effects)) and ())

    engine = engine_of(store, Picky())
    engine.take(engine.claim(TOPIC, 0), [record(n, mood=3 if n == 37 else 2, member=uuid4()) for n in range(100)])
    assert parked_offsets(store) == [(37, "ZeroDivisionError")]


def test_a_database_that_is_away_parks_nothing_and_moves_nothing(store: EventStore) -> None:
    def away(_: Cursor[DictRow]) -> None:
        raise Unavailable[0]

    engine = engine_of(store, Counting(writes=(away,)))
    owned = engine.claim(TOPIC, 0)
    with pytest.raises(Unavailable):
        engine.take(owned, [record(0), record(1)])
    assert (owned.next_offset, parked_offsets(store)) == (0, [])


def test_events_of_the_readers_own_are_stored_with_the_position(
    engine: Engine, owned: Owned, store: EventStore, reader: Counting
) -> None:
    reader.events = (event := noticed(),)
    engine.take(owned, [record(0)])
    assert list(store.load(event.originator_id)) == [event]


def test_many_states_are_written_and_found_again_whatever_fits_in_memory(engine: Engine, store: EventStore) -> None:
    members = [uuid4() for _ in range(1_000)]
    engine.take(engine.claim(TOPIC, 0), [record(n, mood=1 + n % 4, member=member) for n, member in enumerate(members)])
    again = engine.claim(TOPIC, 0)
    engine.take(again, [record(1_000 + n, mood=2, member=member) for n, member in enumerate(members)])
    assert all(moods(store, member) == [1 + n % 4, 2] for n, member in enumerate(members))


def test_a_batch_that_would_park_too_much_writes_nothing(engine: Engine, owned: Owned, store: EventStore) -> None:
    engine.take(owned, [record(n, mood=POISON, member=uuid4()) for n in range(COUNT)])
    with pytest.raises(TooManyParked):
        engine.take(owned, [record(COUNT, mood=1), record(COUNT + 1, mood=POISON, member=uuid4())])
    assert (moods(store), len(parked_offsets(store)), owned.next_offset) == ([], COUNT, COUNT)


def test_what_was_parked_comes_back_in_order_once_its_fold_succeeds(store: EventStore) -> None:
    engine, mended = engine_of(store, Counting()), engine_of(store, Counting(views=(mended_view(),)))
    engine.take(engine.claim(TOPIC, 0), [record(n, mood=mood) for n, mood in enumerate([1, POISON, 2, 3])])
    owned = mended.claim(TOPIC, 0)
    mended.retry(owned, everything=True)
    assert (moods(store), parked_offsets(store), owned.parked) == ([1, POISON, 2, 3], [], set())
    mended.take(owned, [record(4, mood=4)])
    assert moods(store) == [1, POISON, 2, 3, 4]


def test_what_still_fails_stays_and_is_due_again_later(engine: Engine, owned: Owned, store: EventStore) -> None:
    engine.take(owned, [record(0, mood=POISON), record(1, mood=2)])
    engine.retry(owned)
    engine.retry(owned, everything=True)
    with store.transaction() as cursor:
        cursor.execute("SELECT attempts, retry_at > parked_at + interval '50 s' AS later FROM parked ORDER BY id LIMIT 1")
        assert cursor.fetchone() == {"attempts": 1, "later": True}
    assert parked_offsets(store) == [(0, "ZeroDivisionError"), (1, None)]


def test_a_view_of_another_version_is_not_folded_into(store: EventStore) -> None:
    newer = engine_of(store, Counting(views=(counting_view(version=2),)))
    with pytest.raises(OtherVersion):
        newer.claim(TOPIC, 0)


def test_what_is_not_for_this_reader_is_passed_over_though_a_view_was_switched_meanwhile(
    engine: Engine, owned: Owned, store: EventStore
) -> None:
    engine.take(owned, [record(0, mood=1)])
    with store.transaction() as cursor:
        cursor.execute("UPDATE reader_positions SET switches = switches + 1")
    engine.pass_over(owned, 2)
    engine.take(owned, [record(2, mood=2)])
    assert (moods(store), owned.next_offset) == ([1, 2], 3)


@pytest.mark.parametrize("count", [2, FEW_ROWS + 1])
def test_rows_that_were_there_before_the_beginning_are_found_after_all(engine: Engine, store: EventStore, count: int) -> None:
    members = [uuid4() for _ in range(count)]
    with store.transaction() as cursor:
        cursor.execute("INSERT INTO counted SELECT unnest(%s::uuid[]), '[4]'", (members,))
    engine.take(engine.claim(TOPIC, 0), [record(n, mood=1, member=member) for n, member in enumerate(members)])
    assert all(moods(store, member) == [4, 1] for member in members)
    assert parked_offsets(store) == []


UNREADABLE = (
    replace(record(0, member=BEN), value=cast("bytes", None)),
    replace(record(0, member=BEN), headers=()),
    replace(record(0, member=BEN), key=None, value=b"\xff"),
    replace(record(0, member=BEN), headers=[("ce_type", cast("bytes", None)), ("x", cast("bytes", None))]),
    record(0, 10**4000, member=BEN),
)


@pytest.mark.parametrize("strange", UNREADABLE)
def test_whatever_cannot_be_read_is_parked_and_the_others_flow_on(
    engine: Engine, owned: Owned, store: EventStore, strange: Record
) -> None:
    engine.take(owned, [strange, record(1, mood=1), record(2, mood=2)])
    assert moods(store) == [1, 2]
    assert [offset for offset, _ in parked_offsets(store)] == [0]


def test_a_sequence_out_of_all_proportion_is_parked_and_makes_nothing_old(
    engine: Engine, owned: Owned, store: EventStore
) -> None:
    engine.take(owned, [record(0, mood=1), record(1, 10**17, member=BEN), record(2, mood=2)])
    assert (moods(store), parked_offsets(store)) == ([1, 2], [(1, "ValueError")])
