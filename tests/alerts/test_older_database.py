"""A database of an earlier release, opened by this one."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from services.alerts.__main__ import TABLES
from shared.store.event_store import EventStore

OLDER = ("ALTER TABLE alerts DROP COLUMN reporters", "ALTER TABLE deliveries DROP COLUMN offer")
PUT = """
INSERT INTO deliveries (id, alert, supporter, type, tier, sequence, body, owed_since, due_at, state)
VALUES (%s, %s, %s, 'alert.offered', 'red', 2, '{"claim_url":"http://x?token=TOKEN"}', now(), now(), %s)
"""


def test_bodies_with_tokens_go_out_where_they_are_owed_and_are_kept_nowhere_else(new_database: Callable[[], str]) -> None:
    url = new_database()
    before = EventStore("alerts", url, TABLES)
    with before.transaction() as cursor:
        for older in OLDER:
            cursor.execute(older.encode())
        for state in ("owed", "delivered", "withdrawn"):
            cursor.execute(PUT.encode(), (uuid4(), uuid4(), uuid4(), state))
    before.close()
    for _ in range(2):
        opened = EventStore("alerts", url, TABLES)
        with opened.transaction() as cursor:
            cursor.execute("SELECT state, length(body) > 0 AS kept, offer FROM deliveries ORDER BY state")
            found = [(row["state"], row["kept"], row["offer"]) for row in cursor]
            cursor.execute("SELECT reporters FROM alerts")
        opened.close()
        assert found == [("delivered", False, None), ("owed", True, None), ("withdrawn", False, None)]
