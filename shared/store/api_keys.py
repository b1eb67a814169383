"""The API keys of one service, in its own database: a key is good where it was issued.

Every process holds those that weren't revoked and reads them again when a request comes and they are half a second old: no
request costs a query, and one that was revoked elsewhere is over within a second.
"""

import re
import threading
import time
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.auth.api_keys import LiveKey, hash_of, new_key
from shared.errors import invalid, unknown, wrong_state
from shared.store.event_store import EventStore

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS api_keys (id text PRIMARY KEY, hash bytea NOT NULL, scopes text[] NOT NULL,"
    " label text NOT NULL, created_by text NOT NULL, created_at timestamptz NOT NULL, lives interval NOT NULL,"
    " expires_at timestamptz NOT NULL, revoked_at timestamptz)",
)
TRUSTED_SECONDS = 0.5
LABEL = re.compile("[a-z0-9_-]{1,40}")
SHOWN = "id, scopes, label, created_by, created_at, expires_at, revoked_at"

_PAGE = f"""
SELECT {SHOWN} FROM api_keys WHERE (%(at)s::timestamptz IS NULL OR (created_at, id) < (%(at)s::timestamptz, %(id)s::text))
ORDER BY created_at DESC, id DESC LIMIT %(limit)s
"""  # noqa: S608 - our own columns


class KeyRing:
    """What is known of this service's keys without asking for each request."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._reading = threading.Lock()
        self._keys: dict[str, LiveKey] = {}
        self._read_at: float | None = None

    @property
    def is_old(self) -> bool:
        return self._read_at is None or time.monotonic() - self._read_at >= TRUSTED_SECONDS

    def read(self) -> None:
        """Raises Unavailable where the database is away: what may have been revoked isn't let in."""
        with self._reading:
            if not self.is_old:
                return
            began = time.monotonic()
            with self._store.statement() as cursor:
                cursor.execute("SELECT id, hash, scopes, expires_at FROM api_keys WHERE revoked_at IS NULL")
                self._keys = {row["id"]: _live(row) for row in cursor}
            self._read_at = began

    def get(self, id_: str) -> LiveKey | None:
        return self._keys.get(id_)

    def forget(self) -> None:
        """A change was committed: the next request reads it. Waits for a reading that may have begun before."""
        with self._reading:
            self._read_at = None


def _live(row: DictRow) -> LiveKey:
    return LiveKey(row["id"], bytes(row["hash"]), frozenset(row["scopes"]), row["expires_at"])


def issue(
    cursor: Cursor[DictRow], scopes: Sequence[str], label: str, by: str, now: datetime, lives: timedelta
) -> dict[str, Any]:
    """A new key; it is told here and never again."""
    id_, key = new_key()
    values = (id_, hash_of(key), sorted(set(scopes)), label, by, now, lives, now + lives)
    cursor.execute("INSERT INTO api_keys VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", values)
    return {"id": id_, "key": key, "expires_at": now + lives}


def require_useful(scopes: Iterable[str], useful: Collection[str]) -> None:
    """A key would open nothing by a scope that no route takes. Raises a 422 Problem that says which are taken."""
    if strange := sorted(set(scopes) - set(useful)):
        taken = ", ".join(sorted(useful)) or "none"
        raise invalid("/scopes", f"no route here takes {', '.join(strange)}; of use here: {taken}")


def rotate(cursor: Cursor[DictRow], id_: str, by: str, now: datetime, overlap: timedelta) -> dict[str, Any]:
    """A new key like the old one, which ends after the overlap. Raises a 404 or 409 Problem."""
    old = _found(cursor, id_)
    if old["revoked_at"] or old["expires_at"] <= now:
        raise wrong_state("The key has ended already.")
    ends = min(old["expires_at"], now + overlap)
    cursor.execute("UPDATE api_keys SET expires_at = %s WHERE id = %s", (ends, id_))
    return issue(cursor, old["scopes"], old["label"], by, now, old["lives"])


def revoke(cursor: Cursor[DictRow], id_: str, now: datetime) -> dict[str, Any]:
    """It is over. To say so twice changes nothing. Raises a 404 Problem."""
    found = _found(cursor, id_)
    ended = found["revoked_at"] or now
    cursor.execute("UPDATE api_keys SET revoked_at = %s WHERE id = %s", (ended, id_))
    return {"id": id_, "revoked_at": ended}


def page(cursor: Cursor[DictRow], limit: int, before: tuple[datetime, str] | None) -> list[DictRow]:
    """All there ever were, newest first, without what they are checked by."""
    at, id_ = before or (None, None)
    cursor.execute(_PAGE.encode(), {"limit": limit, "at": at, "id": id_})
    return cursor.fetchall()


def _found(cursor: Cursor[DictRow], id_: str) -> DictRow:
    cursor.execute("SELECT * FROM api_keys WHERE id = %s FOR UPDATE", (id_,))
    row = cursor.fetchone()
    if row is None:
        raise unknown("key")
    return row
