"""A reader of the tests' own: which moods each member had, in the order in which they came."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg import Cursor
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from shared.events import PublicEvent, checkins
from shared.kafka.records import Record
from shared.projection import schema
from shared.projection.generations import Generations
from shared.projection.reader import Changed, Changes
from shared.projection.view import Effect, View
from shared.store.event_store import EventStore, Write
from shared.store.events import PrivateEvent

NOW = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
ADA, BEN = UUID(int=1), UUID(int=2)
TOPIC = "checkins.events"
SCHEMA = schema.SCHEMA
POISON = 5
"""A mood that the fold can't take."""

Moods = tuple[int, ...]


def fold(moods: Moods | None, event: PublicEvent) -> tuple[Moods, Sequence[Effect]]:
    """The effect is the mood."""
    assert isinstance(event, checkins.CheckInRecorded)
    if event.mood == POISON:
        raise ZeroDivisionError
    return (*(moods or ()), event.mood), (event.mood,)


def counting_view(topic: str = TOPIC, version: int = 1) -> View[Moods]:
    return View(
        name="counted",
        version=version,
        topic=topic,
        key={"member": "uuid"},
        columns={"moods": "jsonb"},
        key_of=lambda event: (event.member,) if isinstance(event, checkins.CheckInRecorded) else None,
        fold=fold,
        to_row=lambda moods: (Jsonb(moods),),
        from_row=lambda member, moods: tuple(moods),
    )


def mended_view() -> View[Moods]:
    """As a later release has it: poison is food."""

    def fold_all(moods: Moods | None, event: PublicEvent) -> tuple[Moods, Sequence[Effect]]:
        assert isinstance(event, checkins.CheckInRecorded)
        return (*(moods or ()), event.mood), ()

    return replace(counting_view(), fold=fold_all)


@dataclass
class Counting:
    """`batches` are the effects that it was given; `events` and `writes` are what it says follows from any."""

    name: str = "counting"
    views: Sequence[View[Any]] = (counting_view(),)
    batches: list[list[int]] = field(default_factory=list)
    events: Sequence[PrivateEvent] = ()
    writes: Sequence[Write] = ()

    def follow(self, effects: Sequence[Effect], changed: Changed) -> Changes:
        self.batches.append(list(effects))
        return Changes(self.events, self.writes)


def opened(service: str, database_url: str, reader: Counting) -> EventStore:
    store = EventStore(service, database_url, SCHEMA)
    Generations(reader.name, reader.views).prepare(store)
    return store


def record(
    offset: int, sequence: int | None = None, mood: int = 3, value: str = "", member: UUID = ADA, **headers: str
) -> Record:
    """A check-in as Kafka gives it; its sequence is ten times its offset unless given."""
    event = checkins.CheckInRecorded(occurred_at=NOW, member=member, check_in=uuid4(), recorded_at=NOW, mood=mood)
    usual = {"ce_type": event.type(), "ce_id": str(uuid4()), "ce_sequence": str(sequence or 10 * (offset + 1))}
    body = value or event.model_dump_json()
    return Record(
        TOPIC, 0, offset, member.bytes, body.encode(), [(name, text.encode()) for name, text in (usual | headers).items()]
    )


def moods(store: EventStore, member: UUID = ADA) -> list[int]:
    """What was counted of a member, in the order in which it was folded."""
    with store.transaction() as cursor:
        cursor.execute("SELECT moods FROM counted WHERE member = %s", (member,))
        row = cursor.fetchone()
        return list(row["moods"]) if row else []


def parked_offsets(store: EventStore) -> list[tuple[int, str | None]]:
    """With the error's name; None for what waits behind another."""
    with store.transaction() as cursor:
        cursor.execute("SELECT record_offset, error FROM parked ORDER BY record_offset")
        return [(row["record_offset"], row["error"]) for row in cursor]


def until_somebody_waits_for(cursor: Cursor[DictRow]) -> None:
    """In the database nothing tells of it; it is asked again and again."""
    deadline = time.monotonic() + 60
    waiting = "SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    while not cursor.execute(waiting.encode()).rowcount:
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.01)
