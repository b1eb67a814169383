"""What is held about one person, whatever they are here."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow


def alerts_about(cursor: Cursor[DictRow], member: UUID) -> list[UUID]:
    """Oldest first."""
    cursor.execute("SELECT id FROM alerts WHERE member = %s ORDER BY raised_at, id", (member,))
    return [row["id"] for row in cursor]


def supporter(cursor: Cursor[DictRow], supporter: UUID, address_of: Callable[[UUID, bytes], str]) -> dict[str, Any]:
    """Their enrolment, endpoints (without secrets) and what they were asked."""
    cursor.execute("SELECT id, languages, skills, weekly_hours FROM supporters WHERE id = %s", (supporter,))
    enrolled = cursor.fetchone()
    assert enrolled is not None, "looked up by their member id"
    cursor.execute("SELECT id, url, active FROM endpoints WHERE supporter = %s ORDER BY id", (supporter,))
    endpoints = [{**row, "url": address_of(row["id"], bytes(row["url"]))} for row in cursor]
    cursor.execute("SELECT alert, state, at FROM offers WHERE supporter = %s ORDER BY at, alert", (supporter,))
    return {**enrolled, "endpoints": endpoints, "offers": cursor.fetchall()}
