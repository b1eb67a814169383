"""The same events at other offsets: what was parked of them is parked once, in its order, and known again by a shadow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest

from shared.kafka.records import Record
from shared.projection.engine import Engine
from shared.projection.switching import NotTheSame, builder_of, give_up_unless_switched, switch
from shared.projection.tables import Table
from shared.store.event_store import EventStore
from tests.projection.counting import (
    ADA,
    BEN,
    NOW,
    POISON,
    TOPIC,
    Counting,
    mended_view,
    moods,
    parked_offsets,
    record,
    until_somebody_waits_for,
)

CAT, DAN = UUID(int=3), UUID(int=4)


def test_what_could_not_be_read_is_not_parked_again_when_it_is_sent_again(engine: Engine, store: EventStore) -> None:
    owned = engine.claim(TOPIC, 0)
    sent = [record(0, mood=1), record(1, value="{", member=BEN), record(2, mood=4, member=BEN)]
    engine.take(owned, sent)
    engine.positions.start_over(owned)
    engine.take(owned, [*sent, record(3, mood=2)])
    assert parked_offsets(store) == [(1, "ValidationError"), (2, None)]
    assert (moods(store), owned.sequence, owned.next_offset) == ([1, 2], 40, 4)


def test_a_sequence_that_no_database_holds_is_parked_and_nothing_behind_it_is_lost(engine: Engine, store: EventStore) -> None:
    owned = engine.claim(TOPIC, 0)
    engine.take(owned, [record(0, 10**30, mood=1, member=BEN), record(1, mood=2), record(2, mood=3)])
    assert parked_offsets(store) == [(0, "ValueError")]
    assert (moods(store), owned.next_offset) == ([2, 3], 3)


def test_what_is_parked_at_an_offset_that_was_taken_in_another_log_is_kept(engine: Engine, store: EventStore) -> None:
    owned = engine.claim(TOPIC, 0)
    engine.take(owned, [record(0, mood=1), record(1, value="{", sequence=20)])
    engine.positions.start_over(owned)
    engine.take(owned, [record(1, sequence=30, value="{")])
    with store.transaction() as cursor:
        cursor.execute("SELECT record_offset, sequence FROM parked ORDER BY id")
        assert [(row["record_offset"], row["sequence"]) for row in cursor] == [(1, "20"), (1, "30")]


def at_offsets(records: list[Record]) -> list[Record]:
    """The same events in a log made anew, without gaps."""
    return [replace(one, offset=offset) for offset, one in enumerate(records)]


def shadow_of(store: EventStore, reader: Counting) -> tuple[Engine, Table[tuple[int, ...]]]:
    """A generation that is built beside the live reader, by a release that can fold everything."""
    table = Table(mended_view(), 2)
    with store.transaction() as cursor:
        table.create(cursor)
    shadow = Engine(
        store, builder_of(reader.name, table), [table.view], tables=lambda _: {table.view.name: table}, beside=reader.name
    )
    return shadow, table


def built_beside(engine: Engine, store: EventStore, reader: Counting) -> Table[tuple[int, ...]]:
    """A generation that holds the same two events as the live one."""
    sent = [record(0, mood=1), record(1, mood=2)]
    engine.take(engine.claim(TOPIC, 0), sent)
    shadow, table = shadow_of(store, reader)
    shadow.take(shadow.claim(TOPIC, 0), sent)
    return table


def switched(store: EventStore, reader: Counting, table: Table[tuple[int, ...]]) -> None:
    with store.transaction() as cursor:
        switch(cursor, reader.name, table)


def test_a_shadow_passes_over_what_the_live_reader_has_parked_and_dropped_at_other_offsets(
    engine: Engine, store: EventStore, reader: Counting
) -> None:
    sent = [
        record(10, mood=1, sequence=1),
        record(12, mood=POISON, sequence=2),
        record(13, mood=POISON, sequence=3, member=BEN),
        record(15, mood=2, sequence=4, member=CAT),
        record(16, mood=3, sequence=5),
        record(17, mood=4, sequence=6, member=BEN),
    ]
    owned = engine.claim(TOPIC, 0)
    engine.take(owned, sent)
    with store.transaction() as cursor:
        cursor.execute("UPDATE parked SET dropped_at = %s, dropped_by = 'ops' WHERE sequence = '3'", (NOW,))
    engine.retry(owned, everything=True)
    shadow, table = shadow_of(store, reader)
    shadow.take(shadow.claim(TOPIC, 0), at_offsets(sent))
    switched(store, reader, table)
    assert [moods(store, member) for member in (ADA, BEN, CAT)] == [[1], [4], [2]]


def test_who_gives_up_a_build_leaves_what_was_switched_to_meanwhile(
    engine: Engine, store: EventStore, reader: Counting
) -> None:
    table = built_beside(engine, store, reader)
    switched(store, reader, table)
    with store.transaction() as cursor:
        give_up_unless_switched(cursor, reader.name, table)
    assert moods(store) == [1, 2]


def test_who_switches_to_what_is_live_already_leaves_the_former_generation_for_a_roll_back(
    engine: Engine, store: EventStore, reader: Counting
) -> None:
    table = built_beside(engine, store, reader)
    switched(store, reader, table)
    switched(store, reader, table)
    switched(store, reader, Table(reader.views[0], 1))
    assert moods(store) == [1, 2]


def test_who_gives_up_a_build_waits_for_who_is_just_switching_to_it(
    engine: Engine, store: EventStore, reader: Counting
) -> None:
    table = built_beside(engine, store, reader)

    def give_up() -> None:
        with store.transaction() as cursor:
            give_up_unless_switched(cursor, reader.name, table)

    with ThreadPoolExecutor(1) as beside:
        with store.transaction() as cursor:
            switch(cursor, reader.name, table)
            giving_up = beside.submit(give_up)
            until_somebody_waits_for(cursor)
        giving_up.result()
    assert moods(store) == [1, 2]


def test_an_event_at_the_offset_of_one_that_was_parked_in_the_log_before_is_folded(
    engine: Engine, store: EventStore, reader: Counting
) -> None:
    sent = [record(1, mood=1, sequence=1), record(2, mood=POISON, sequence=2), record(3, mood=2, sequence=3, member=BEN)]
    engine.take(engine.claim(TOPIC, 0), sent)
    shadow, table = shadow_of(store, reader)
    shadow.take(shadow.claim(TOPIC, 0), at_offsets(sent))
    switched(store, reader, table)
    assert (moods(store, ADA), moods(store, BEN)) == ([1], [2])


def test_a_shadow_that_has_parked_another_event_than_the_live_reader_is_not_switched_to_though_the_offset_is_the_same(
    engine: Engine, store: EventStore, reader: Counting
) -> None:
    engine.take(engine.claim(TOPIC, 0), [record(1, mood=POISON, sequence=1), record(2, mood=1, sequence=2, member=BEN)])
    shadow, table = shadow_of(store, reader)
    shadow.take(shadow.claim(TOPIC, 0), [record(1, value="{", sequence=2, member=BEN)])
    with pytest.raises(NotTheSame):
        switched(store, reader, table)


def test_what_has_no_sequence_is_known_by_its_offset(engine: Engine, store: EventStore, reader: Counting) -> None:
    sent = [record(5, ce_sequence="soon", member=DAN), record(6, mood=1), record(7, mood=2, member=DAN)]
    engine.take(engine.claim(TOPIC, 0), sent)
    shadow, table = shadow_of(store, reader)
    shadow.take(shadow.claim(TOPIC, 0), sent)
    switched(store, reader, table)
    assert (moods(store, ADA), moods(store, DAN)) == ([1], [])
