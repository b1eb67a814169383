"""Answers that are stored but not yet among the events: they wait under random ids until they are moved in random order.

Scores and comments wait apart. Whenever scores are moved, the comments that still wait are written anew in random order,
so that no comment's row is of the same version as an answer's.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.store.event_store import Conflict, EventStore, Write

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS waiting_answers (id uuid PRIMARY KEY, survey uuid NOT NULL, sheet bytea NOT NULL)",
    "CREATE TABLE IF NOT EXISTS waiting_comments (id uuid PRIMARY KEY, survey uuid NOT NULL, text bytea NOT NULL)",
    "CREATE TABLE IF NOT EXISTS comments (id uuid PRIMARY KEY, survey uuid NOT NULL, text bytea NOT NULL)",
    "CREATE INDEX IF NOT EXISTS comments_survey ON comments (survey, id)",
)
MOVED_AT_ONCE = 1_000


def put_answer(survey: UUID, sheet: bytes) -> Write:
    values = (uuid4(), survey, sheet)

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("INSERT INTO waiting_answers VALUES (%s, %s, %s)", values)

    return write


def put_waiting_comment(survey: UUID, text: bytes) -> Write:
    values = (uuid4(), survey, text)

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("INSERT INTO waiting_comments VALUES (%s, %s, %s)", values)

    return write


def answers(store: EventStore, survey: UUID | None = None) -> list[DictRow]:
    """Up to MOVED_AT_ONCE that may be moved; all those of one survey, where it is given. A survey's first answers may be
    when they are as many as its floor: one sheet alone would be that of the one who drew."""
    with store.transaction() as cursor:
        cursor.execute(
            "WITH ready AS (SELECT s.id FROM waiting_answers w JOIN surveys s ON s.id = w.survey GROUP BY s.id"
            " HAVING count(*) >= s.min_scores OR EXISTS (SELECT FROM mixed m WHERE m.survey = s.id))"
            " SELECT w.* FROM waiting_answers w JOIN ready ON ready.id = w.survey"
            " WHERE w.survey = coalesce(%s, w.survey) LIMIT %s",
            (survey, None if survey else MOVED_AT_ONCE),
        )
        return cursor.fetchall()


def comments_to_move(store: EventStore, at: datetime) -> list[DictRow]:
    """Those of which enough wait to be mixed, and those whose survey is over."""
    with store.transaction() as cursor:
        cursor.execute(
            "SELECT c.* FROM waiting_comments c JOIN surveys s ON s.id = c.survey WHERE s.closed OR s.closes <= %s"
            " OR s.min_comments <= (SELECT count(*) FROM waiting_comments o WHERE o.survey = s.id)",
            (at,),
        )
        return cursor.fetchall()


def take_answers(ids: Sequence[UUID]) -> Write:
    """Raises Conflict where another mixer took some of them first."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("DELETE FROM waiting_answers WHERE id = ANY(%s) RETURNING 1", (list(ids),))
        if len(cursor.fetchall()) != len(ids):
            raise Conflict("moved already")

    return write


def take_comments(ids: Sequence[UUID]) -> Write:
    """Raises Conflict where another mixer took some of them first."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("DELETE FROM waiting_comments WHERE id = ANY(%s) RETURNING 1", (list(ids),))
        if len(cursor.fetchall()) != len(ids):
            raise Conflict("moved already")

    return write


def rewrite_comments(cursor: Cursor[DictRow]) -> None:
    cursor.execute(
        "WITH old AS (DELETE FROM waiting_comments RETURNING id, survey, text)"
        " INSERT INTO waiting_comments SELECT * FROM old ORDER BY random()"
    )


def part_comments(store: EventStore) -> None:
    """Writes the waiting comments anew where one shares its row version with an answer that waits on."""
    with store.transaction() as cursor:
        cursor.execute("SELECT 1 FROM waiting_comments c JOIN waiting_answers a ON a.xmin = c.xmin LIMIT 1")
        if cursor.fetchone():
            rewrite_comments(cursor)


def put_comment(comment: UUID, survey: UUID, text: bytes) -> Write:
    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("INSERT INTO comments VALUES (%s, %s, %s)", (comment, survey, text))

    return write


def count_comments(store: EventStore, survey: UUID) -> int:
    with store.transaction() as cursor:
        cursor.execute("SELECT count(*) AS comments FROM comments WHERE survey = %s", (survey,))
        row = cursor.fetchone()
        return int(row["comments"]) if row else 0


def comments(store: EventStore, survey: UUID, limit: int, after: UUID | None) -> list[DictRow]:
    """In the order of their random ids; one more than `limit` where there are more."""
    with store.transaction() as cursor:
        cursor.execute(
            "SELECT id, text FROM comments WHERE survey = %s AND id > %s ORDER BY id LIMIT %s",
            (survey, after or UUID(int=0), limit + 1),
        )
        return cursor.fetchall()
