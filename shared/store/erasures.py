"""Who was erased, in each service's own database: asked before anything is done about a person, whatever came first.

An id that leads nowhere, and two times. It is written with everything that an erasure drops, and outlives a replay.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.errors import Problem, unknown
from shared.store.event_store import Conflict, EventStore, Write

MAY_SOON_BE_KNOWN_SECONDS = 1
"""A member enrolled in checkins a moment ago comes to the other services through Kafka."""

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS erasures (member uuid PRIMARY KEY, erased_at timestamptz NOT NULL,"
    " applied_at timestamptz NOT NULL)",
)
_LOCK = "SELECT pg_advisory_xact_lock{}(hashtext('erasures'))"


@dataclass(frozen=True)
class Erased:
    """A member, and when they were erased."""

    member: UUID
    at: datetime


def put(gone: Collection[Erased], now: datetime) -> Write:
    """Goes before what is dropped with it. The first time stays, however often it is said again."""
    rows = [(one.member, one.at, now) for one in gone]

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(_LOCK.format("").encode())
        cursor.executemany("INSERT INTO erasures VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", rows)

    return write


def require_here(*members: UUID) -> Write:
    """Makes an erasure and a command about these members wait for each other. A Conflict follows where one is gone: the
    command is decided again, and is then told that there is no such member."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(_LOCK.format("_shared").encode())
        if among(cursor, members):
            raise Conflict("erased")

    return write


def among(cursor: Cursor[DictRow], members: Collection[UUID]) -> set[UUID]:
    """Those of these members who were erased."""
    cursor.execute("SELECT member FROM erasures WHERE member = ANY(%s)", (list(members),))
    return {row["member"] for row in cursor}


def everybody(cursor: Cursor[DictRow]) -> list[UUID]:
    cursor.execute("SELECT member FROM erasures")
    return [row["member"] for row in cursor]


def not_yet(store: EventStore, gone: Sequence[Erased]) -> list[Erased]:
    """Those of them that this service doesn't know of."""
    with store.transaction() as cursor:
        known = among(cursor, [one.member for one in gone])
    return [one for one in gone if one.member not in known]


def find(store: EventStore, member: UUID) -> dict[str, Any] | None:
    """When a member was erased, and when this service did it; None where it hasn't."""
    with store.transaction() as cursor:
        cursor.execute("SELECT member, erased_at, applied_at FROM erasures WHERE member = %s", (member,))
        return cursor.fetchone()


def unknown_member(store: EventStore, member: UUID, pointer: str | None = None) -> Problem:
    """404, to be tried again soon; for ever of whom is known to be erased."""
    return unknown("member", pointer, None if find(store, member) else MAY_SOON_BE_KNOWN_SECONDS)
