from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import pytest
from eventsourcing.persistence import PersistenceError
from psycopg import Cursor
from psycopg.rows import DictRow

from shared.store.event_store import Conflict, EventStore, Unavailable
from tests.store.lamps import LampSwitched, count, put_lamp, switched


def let_the_answer_come(_: Cursor[DictRow], *__: Any) -> None:
    """Long enough for the database's refusal of an earlier write to have arrived when the next one is sent."""
    time.sleep(0.05)


def test_events_come_back_as_they_were_in_order(store: EventStore) -> None:
    lamp = uuid4()
    events = [switched(lamp, version) for version in (1, 2, 3)]
    ids = store.record(events)
    assert list(store.load(lamp)) == events
    assert ids == tuple(sorted(ids))
    assert store.notifications(0, 10) == list(zip(ids, events, strict=True))
    assert store.notifications(ids[0], 1) == [(ids[1], events[1])]


def test_rows_and_events_are_stored_together_or_not_at_all(store: EventStore) -> None:
    lamp = uuid4()
    store.record([switched(lamp)], [put_lamp(lamp)])
    with pytest.raises(Conflict):
        store.record([switched()], [put_lamp(lamp)])
    with pytest.raises(Conflict):
        store.record([switched(lamp)], [put_lamp(uuid4())])
    assert (count(store, "lamps"), count(store, "lamps_events")) == (1, 1)


def test_writes_after_the_events_are_given_their_ids(store: EventStore) -> None:
    seen: list[Sequence[int]] = []
    ids = store.record([switched(), switched()], after=[lambda _, given: seen.append(tuple(given))])
    assert seen == [ids]


def test_writes_without_events_are_one_transaction_too(store: EventStore) -> None:
    lamp = uuid4()
    with pytest.raises(Conflict):
        store.record([], [put_lamp(lamp), put_lamp(lamp)])
    assert count(store, "lamps") == 0


@pytest.mark.parametrize("slow", [False, True])
def test_a_row_that_is_there_already_is_a_conflict_at_once_however_fast_the_database_answers(
    slow: bool, store: EventStore
) -> None:
    lamp = uuid4()
    store.record([], [put_lamp(lamp)])
    pause = [let_the_answer_come] if slow else []
    start = time.monotonic()
    with pytest.raises(Conflict):
        store.record([switched()], [put_lamp(lamp), *pause])
    with pytest.raises(Conflict):
        store.record(
            [switched()], after=[lambda cursor, _: put_lamp(lamp)(cursor), *pause, lambda cursor, _: put_lamp(uuid4())(cursor)]
        )
    assert time.monotonic() - start < 1
    assert (count(store, "lamps"), count(store, "lamps_events")) == (1, 0)


@pytest.mark.parametrize("slow", [False, True])
def test_a_write_that_the_database_refuses_is_not_taken_for_a_lost_database(slow: bool, store: EventStore) -> None:
    def refused(cursor: Cursor[DictRow]) -> None:
        cursor.execute("INSERT INTO no_such_table VALUES (1)")

    with pytest.raises(PersistenceError) as raised:
        store.record([switched()], [refused, *([let_the_answer_come] if slow else [])])
    assert not isinstance(raised.value, Unavailable)
    assert count(store, "lamps_events") == 0


def test_an_error_of_our_own_in_a_write_stores_nothing(store: EventStore) -> None:
    def wrong(_: Cursor[DictRow]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.record([switched()], [put_lamp(uuid4()), wrong])
    assert (count(store, "lamps"), count(store, "lamps_events")) == (0, 0)


def test_commit_order_is_id_order_though_many_write_at_once(store: EventStore) -> None:
    """What the relay relies on: whoever has seen id n will never see a smaller one come later."""
    seen: list[int] = []
    writers = [threading.Thread(target=lambda: [store.record([switched()]) for _ in range(20)]) for _ in range(4)]
    for writer in writers:
        writer.start()
    while len(seen) < 80:
        seen += [number for number, _ in store.notifications(seen[-1] if seen else 0, 10)]
    for writer in writers:
        writer.join()
    assert seen == [number for number, _ in store.notifications(0, 100)]


def test_two_stores_open_one_new_database_at_once(new_database: Callable[[], str]) -> None:
    url, opened = new_database(), []
    threads = [threading.Thread(target=lambda: opened.append(EventStore("lamps", url, ()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    for store in opened:
        store.close()


def test_a_database_that_is_away_is_told_apart_from_a_conflict() -> None:
    with pytest.raises(Unavailable):
        EventStore("lamps", "postgresql://nobody@127.0.0.1:9/none")


def test_an_event_is_what_it_was_declared_as() -> None:
    assert LampSwitched.topic == "store.LampSwitched"
