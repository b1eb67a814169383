"""Deliveries and their attempts, as ops reads them; the dispatcher's own statements are in `webhooks`."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.store.event_store import Write

_PAGE = """
SELECT id, alert, supporter, endpoint, type, tier, sequence, state, owed_since, due_at FROM deliveries
WHERE (%(alert)s::uuid IS NULL OR alert = %(alert)s)
  AND (%(at)s::timestamptz IS NULL OR (owed_since, id) > (%(at)s::timestamptz, %(id)s::uuid))
ORDER BY owed_since, id LIMIT %(limit)s
"""


def find(cursor: Cursor[DictRow], delivery: UUID) -> DictRow | None:
    """Its state, and whether its endpoint is active."""
    cursor.execute(
        "SELECT d.state, coalesce(e.active, false) AS active FROM deliveries d LEFT JOIN endpoints e ON e.id = d.endpoint"
        " WHERE d.id = %s",
        (delivery,),
    )
    return cursor.fetchone()


def page(cursor: Cursor[DictRow], alert: UUID | None, limit: int, after: tuple[datetime, UUID] | None) -> list[DictRow]:
    at, id_ = after or (None, None)
    cursor.execute(_PAGE, {"alert": alert, "at": at, "id": id_, "limit": limit})
    return cursor.fetchall()


def attempts(cursor: Cursor[DictRow], deliveries: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Every attempt of these deliveries, in order: when, the status or the error's code, how long it took."""
    cursor.execute("SELECT * FROM attempts WHERE delivery = ANY(%s) ORDER BY delivery, n", (list(deliveries),))
    grouped: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in cursor:
        grouped[row.pop("delivery")].append(row)
    return grouped


def due_now(delivery: UUID, at: datetime) -> Write:
    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "UPDATE deliveries SET state = 'owed', due_at = %s WHERE id = %s AND state IN ('owed', 'failed')", (at, delivery)
        )

    return write
