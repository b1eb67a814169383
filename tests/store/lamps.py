"""A small aggregate of the tests' own: a lamp that is switched."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.store.event_store import EventStore, Write
from shared.store.events import PrivateEvent

NOW = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
SCHEMA = ("CREATE TABLE IF NOT EXISTS lamps (id uuid PRIMARY KEY, room text NOT NULL)",)


class LampSwitched(PrivateEvent, frozen=True, kw_only=True):
    lit: bool = True


def switched(lamp: UUID | None = None, version: int = 1) -> LampSwitched:
    return LampSwitched(originator_id=lamp or uuid4(), originator_version=version, at=NOW)


def put_lamp(lamp: UUID, room: str = "hall") -> Write:
    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("INSERT INTO lamps VALUES (%s, %s)", (lamp, room))

    return write


def count(store: EventStore, table: str) -> int:
    with store.transaction() as cursor:
        cursor.execute(f"SELECT count(*) AS n FROM {table}".encode())
        row = cursor.fetchone()
        assert row is not None
        return int(row["n"])
