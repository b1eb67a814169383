"""How many events may fail before a reader ends: it knows what it has read, also when it was started again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from shared.kafka.records import Record
from shared.projection.engine import Engine
from shared.projection.parking_limit import COUNT, TooManyParked
from shared.store.event_store import EventStore
from tests.projection.counting import NOW, POISON, TOPIC, Counting, parked_offsets, record


class Hours:
    """A clock that a test sets."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Hours:
    return Hours()


def started(store: EventStore, reader: Counting, clock: Hours) -> Engine:
    return Engine(store, reader.name, reader.views, reader.follow, clock=clock)


def take(engine: Engine, records: Iterable[Record], partition: int = 0) -> None:
    engine.take(engine.claim(TOPIC, partition), list(records))


def good(start: int, stop: int) -> list[Record]:
    return [record(n, mood=1, member=uuid4()) for n in range(start, stop)]


def failing(start: int, stop: int) -> list[Record]:
    return [record(n, mood=POISON, member=uuid4()) for n in range(start, stop)]


def test_one_failure_more_does_not_stop_a_reader_that_has_read_much_and_was_started_again(
    store: EventStore, reader: Counting, clock: Hours
) -> None:
    take(started(store, reader, clock), [*good(0, 300), *failing(300, 300 + COUNT)])
    take(started(store, reader, clock), failing(300 + COUNT, 301 + COUNT))
    assert len(parked_offsets(store)) == COUNT + 1


def test_what_another_worker_of_the_reader_has_read_counts(store: EventStore, reader: Counting, clock: Hours) -> None:
    take(started(store, reader, clock), good(0, 300), partition=1)
    engine = started(store, reader, clock)
    for n in range(COUNT + 1):
        take(engine, failing(n, n + 1))
    assert len(parked_offsets(store)) == COUNT + 1


def test_a_tenth_of_a_large_batch_may_fail_in_the_first_one_too(store: EventStore, reader: Counting, clock: Hours) -> None:
    take(started(store, reader, clock), [*good(0, 300), *failing(300, 330)])
    assert len(parked_offsets(store)) == 30


def test_an_hour_later_what_was_read_before_no_longer_counts(store: EventStore, reader: Counting, clock: Hours) -> None:
    take(started(store, reader, clock), good(0, 300))
    clock.now += timedelta(hours=2)
    with pytest.raises(TooManyParked, match=f"{COUNT + 1} events have failed, of {COUNT + 1} read"):
        take(started(store, reader, clock), failing(300, 301 + COUNT))
    assert parked_offsets(store) == []


def test_of_what_was_read_in_the_hour_before_as_much_counts_as_lies_in_the_window(
    store: EventStore, reader: Counting, clock: Hours
) -> None:
    clock.now = NOW.replace(minute=30)
    take(started(store, reader, clock), good(0, 300))
    clock.now += timedelta(minutes=45)  # a quarter into the next hour: three quarters of 300, and the batch
    with pytest.raises(TooManyParked, match="26 events have failed, of 251 read"):
        take(started(store, reader, clock), failing(300, 326))
    take(started(store, reader, clock), [*good(300, 310), *failing(310, 336)])
    assert len(parked_offsets(store)) == 26


def test_what_failed_more_than_an_hour_ago_no_longer_counts(store: EventStore, reader: Counting, clock: Hours) -> None:
    take(started(store, reader, clock), failing(0, COUNT))
    clock.now += timedelta(minutes=61)
    take(started(store, reader, clock), failing(COUNT, COUNT + 1))
    assert len(parked_offsets(store)) == COUNT + 1
