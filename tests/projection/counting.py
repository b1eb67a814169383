"""A reader of the tests' own: how many check-ins each member made, and in which order they came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.events import checkins
from shared.kafka.records import Record
from shared.projection import parked, positions
from shared.projection.reader import Changes, Received
from shared.store.event_store import EventStore, Write
from shared.store.events import PrivateEvent

NOW = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
ADA = UUID(int=1)
TOPIC = "checkins.events"
SCHEMA = (
    *positions.SCHEMA,
    *parked.SCHEMA,
    "CREATE TABLE IF NOT EXISTS counted (id bigserial, member uuid NOT NULL, mood int NOT NULL, event uuid NOT NULL)",
)
POISON = 5
"""A mood that the fold can't take."""


class Counting:
    name = "counting"
    topics: Sequence[str] = (TOPIC,)

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.events: Sequence[PrivateEvent] = ()

    def advance(self, received: Sequence[Received]) -> Changes:
        self.batches.append([one.sequence for one in received])
        return Changes(self.events, [self.write(one) for one in received])

    def write(self, one: Received) -> Write:
        event = one.event
        assert isinstance(event, checkins.CheckInRecorded)
        if event.mood == POISON:
            raise ZeroDivisionError
        values = (event.member, event.mood, event.check_in)

        def write(cursor: Cursor[DictRow]) -> None:
            cursor.execute("INSERT INTO counted (member, mood, event) VALUES (%s, %s, %s)", values)

        return write


def record(offset: int, sequence: int | None = None, mood: int = 3, value: str = "", **headers: str) -> Record:
    """A check-in as Kafka gives it; its sequence is ten times its offset unless given."""
    event = checkins.CheckInRecorded(occurred_at=NOW, member=ADA, check_in=uuid4(), recorded_at=NOW, mood=mood)
    usual = {"ce_type": event.type(), "ce_id": str(uuid4()), "ce_sequence": str(sequence or 10 * (offset + 1))}
    body = value or event.model_dump_json()
    return Record(
        TOPIC, 0, offset, ADA.bytes, body.encode(), [(name, text.encode()) for name, text in (usual | headers).items()]
    )


def moods(store: EventStore) -> list[int]:
    """What was counted, in the order in which it was written."""
    with store.transaction() as cursor:
        cursor.execute("SELECT mood FROM counted ORDER BY id")
        return [row["mood"] for row in cursor]


def parked_offsets(store: EventStore) -> list[tuple[int, str]]:
    with store.transaction() as cursor:
        cursor.execute("SELECT record_offset, error FROM parked ORDER BY record_offset")
        return [(row["record_offset"], row["error"]) for row in cursor]
