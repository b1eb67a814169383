"""Lists of alerts, newest first, and the log of who read whom an alert is about."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.store.event_store import Write

IDENTITY, DANGER = "identity", "danger"
"""What is written down: whom it is about was read, by a supporter; danger was decided, by a clinical lead."""

_PAGE = """
SELECT id, tier, state, points, raised_at{more} FROM alerts
WHERE (%(at)s::timestamptz IS NULL OR (raised_at, id) < (%(at)s::timestamptz, %(id)s::uuid)) {part}
ORDER BY raised_at DESC, id DESC LIMIT %(limit)s
"""
_HAS_PART = (
    "(member = %(member)s::uuid"
    " OR EXISTS (SELECT FROM offers WHERE offers.alert = alerts.id AND offers.supporter = %(supporter)s::uuid))"
)
_ALL = _PAGE.format(more=f", member, reporters, coalesce({_HAS_PART}, false) AS has_part", part="")
_WITH = _PAGE.format(more="", part=f"AND {_HAS_PART}")


@dataclass(frozen=True)
class Access:
    """One line of the log, for the member whom it is about. `reader` is a member's id, as in every service's list."""

    alert: UUID
    member: UUID
    reader: UUID
    what: str
    at: datetime


@dataclass(frozen=True)
class Listed:
    """An alert as it is shown in a list, and what decides to whom. `has_part`: whose it is, and who was asked."""

    shown: DictRow
    member: UUID
    reporters: tuple[UUID, ...]
    has_part: bool

    @property
    def place(self) -> tuple[datetime, UUID]:
        return self.shown["raised_at"], self.shown["id"]


def all_alerts(
    cursor: Cursor[DictRow], supporter: UUID | None, member: UUID | None, limit: int, after: tuple[datetime, UUID] | None
) -> list[Listed]:
    """Everybody's; `has_part` is said of this supporter and member."""
    at, id_ = after or (None, None)
    cursor.execute(_ALL.encode(), {"limit": limit, "at": at, "id": id_, "supporter": supporter, "member": member})
    return [_listed(**row) for row in cursor]


def _listed(member: UUID, reporters: list[UUID], has_part: bool, **shown: Any) -> Listed:
    return Listed(shown, member, tuple(reporters), has_part)


def alerts_with(
    cursor: Cursor[DictRow], supporter: UUID | None, member: UUID | None, limit: int, after: tuple[datetime, UUID] | None
) -> list[DictRow]:
    """Those offered to a supporter, and those about a member."""
    at, id_ = after or (None, None)
    values = {"limit": limit, "at": at, "id": id_, "supporter": supporter, "member": member}
    cursor.execute(_WITH.encode(), values)
    return cursor.fetchall()


def has_it(cursor: Cursor[DictRow], alert: UUID, supporter: UUID) -> bool:
    """Whether the supporter has accepted it, and nobody takes it back before this transaction ends."""
    cursor.execute(
        "SELECT FROM offers WHERE alert = %s AND supporter = %s AND state = 'accepted' FOR SHARE", (alert, supporter)
    )
    return cursor.fetchone() is not None


def log_access(cursor: Cursor[DictRow], access: Access) -> None:
    cursor.execute("INSERT INTO accesses (alert, member, reader, what, at) VALUES (%s, %s, %s, %s, %s)", astuple(access))


def logged(access: Access) -> Write:
    return lambda cursor: log_access(cursor, access)


def drop_accesses(members: Sequence[UUID]) -> Write:
    """Who was told that alerts are about these members: only they could read it."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("DELETE FROM accesses WHERE member = ANY(%s)", (list(members),))

    return write


def accesses_to(cursor: Cursor[DictRow], member: UUID, limit: int, before: int | None) -> list[DictRow]:
    cursor.execute(
        "SELECT id, alert, reader, what, at FROM accesses WHERE member = %s AND id < %s ORDER BY id DESC LIMIT %s",
        (member, before or 2**62, limit),
    )
    return cursor.fetchall()
