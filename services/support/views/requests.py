"""Requests and what was said about them, written with their events; and who read them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from services.support.domain import MessageSent, RequestClosed, RequestMade
from shared.store.event_store import Write

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS requests (id uuid PRIMARY KEY, by uuid NOT NULL, pseudonymous boolean NOT NULL,"
    " kind text NOT NULL, made_at timestamptz NOT NULL, closed boolean NOT NULL DEFAULT false, recused bytea)",
    "CREATE INDEX IF NOT EXISTS requests_by ON requests (by)",
    "CREATE INDEX IF NOT EXISTS requests_open ON requests (made_at, id) WHERE NOT closed",
    "CREATE TABLE IF NOT EXISTS messages (request uuid NOT NULL, version integer NOT NULL, supporter uuid,"
    " text bytea NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (request, version))",
    "CREATE TABLE IF NOT EXISTS accesses (id bigserial PRIMARY KEY, subject uuid NOT NULL, request uuid NOT NULL,"
    " reader uuid NOT NULL, what text NOT NULL, at timestamptz NOT NULL)",
    "CREATE INDEX IF NOT EXISTS accesses_subject ON accesses (subject, id DESC)",
)


@dataclass(frozen=True)
class Row:
    """`recused` are, sealed under the key of `by`, those who must not read what a pseudonym wrote."""

    id: UUID
    by: UUID
    pseudonymous: bool
    kind: str
    made_at: datetime
    closed: bool
    recused: bytes | None


def put_request(made: RequestMade, recused: bytes | None) -> Write:
    row = (made.originator_id, made.by, made.pseudonymous, made.kind, made.at, recused)

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "INSERT INTO requests (id, by, pseudonymous, kind, made_at, recused) VALUES (%s, %s, %s, %s, %s, %s)", row
        )
        _put_message(cursor, made.originator_id, 1, None, made.text, made.at)

    return write


def put_message(sent: MessageSent) -> Write:
    return lambda cursor: _put_message(cursor, sent.originator_id, sent.originator_version, sent.supporter, sent.text, sent.at)


def _put_message(
    cursor: Cursor[DictRow], request: UUID, version: int, supporter: UUID | None, text: bytes, at: datetime
) -> None:
    cursor.execute("INSERT INTO messages VALUES (%s, %s, %s, %s, %s)", (request, version, supporter, text, at))


def close(closed: RequestClosed) -> Write:
    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("UPDATE requests SET closed = true WHERE id = %s", (closed.originator_id,))

    return write


def forget(subjects: Collection[UUID]) -> Write:
    """What these members and pseudonyms asked for, what was said about it, and who read it."""
    gone = list(subjects)

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("DELETE FROM messages WHERE supporter = ANY(%s)", (gone,))
        cursor.execute("DELETE FROM messages WHERE request IN (SELECT id FROM requests WHERE by = ANY(%s))", (gone,))
        cursor.execute("DELETE FROM requests WHERE by = ANY(%s)", (gone,))
        cursor.execute("DELETE FROM accesses WHERE subject = ANY(%s)", (gone,))

    return write


def find(cursor: Cursor[DictRow], request: UUID) -> Row | None:
    cursor.execute("SELECT * FROM requests WHERE id = %s", (request,))
    row = cursor.fetchone()
    return Row(**row) if row else None


def by(cursor: Cursor[DictRow], subjects: Collection[UUID]) -> list[Row]:
    """Oldest first."""
    cursor.execute("SELECT * FROM requests WHERE by = ANY(%s) ORDER BY made_at, id", (list(subjects),))
    return [Row(**row) for row in cursor]


def open_after(cursor: Cursor[DictRow], after: tuple[datetime, UUID] | None, limit: int) -> list[Row]:
    """Oldest first: who has waited longest."""
    at, last = after or (None, None)
    cursor.execute(
        "SELECT * FROM requests WHERE NOT closed AND (%s::uuid IS NULL OR (made_at, id) > (%s, %s))"
        " ORDER BY made_at, id LIMIT %s",
        (last, at, last, limit),
    )
    return [Row(**row) for row in cursor]


def messages(cursor: Cursor[DictRow], requests: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    cursor.execute("SELECT * FROM messages WHERE request = ANY(%s) ORDER BY request, version", (list(requests),))
    said: dict[UUID, list[dict[str, Any]]] = {request: [] for request in requests}
    for row in cursor:
        said[row.pop("request")].append(row)
    return said


def answers_by(cursor: Cursor[DictRow], supporter: UUID) -> list[DictRow]:
    """What a supporter wrote, with whose request it is."""
    cursor.execute(
        "SELECT m.request, m.version, m.at, m.text, r.by FROM messages m JOIN requests r ON r.id = m.request"
        " WHERE m.supporter = %s ORDER BY m.at, m.request, m.version",
        (supporter,),
    )
    return cursor.fetchall()


def log_access(cursor: Cursor[DictRow], row: Row, reader: UUID, at: datetime) -> None:
    cursor.execute(
        "INSERT INTO accesses (subject, request, reader, what, at) VALUES (%s, %s, %s, 'request', %s)",
        (row.by, row.id, reader, at),
    )


def accesses_to(cursor: Cursor[DictRow], subjects: Collection[UUID], limit: int, before: int | None) -> list[DictRow]:
    """Newest first."""
    cursor.execute(
        "SELECT id, request, reader, what, at FROM accesses WHERE subject = ANY(%s) AND id < %s ORDER BY id DESC LIMIT %s",
        (list(subjects), before or 2**62, limit),
    )
    return cursor.fetchall()
