"""The data keys, kept wrapped by the key-encryption key in the service's database: one for each member, and one for each
purpose that is nobody's own. Destroying a member's row destroys their text.

A member's key is unwrapped for the commands that need it and kept nowhere, so none outlives its erasure in a process.
"""

from collections.abc import Sequence
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Cursor
from psycopg.rows import DictRow

from shared.store.event_store import EventStore, Write
from shared.store.key_encryption import KeyEncryption

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS member_keys (member uuid PRIMARY KEY, kek_id text NOT NULL, wrapped bytea NOT NULL)",
    "CREATE TABLE IF NOT EXISTS data_keys (name text PRIMARY KEY, kek_id text NOT NULL, wrapped bytea NOT NULL)",
)


class MemberKeys:
    """The members' own keys."""

    def __init__(self, store: EventStore, kek: KeyEncryption) -> None:
        self._store = store
        self._kek = kek

    def new(self, member: UUID) -> tuple[bytes, Write]:
        """A fresh key, and the row to write with the event that creates the member here."""
        key = AESGCM.generate_key(256)
        kek_id, wrapped = self._kek.wrap(key, belongs_to(self._store, "member_keys", member))
        return key, lambda cursor: _insert(cursor, member, kek_id, wrapped)

    def of(self, members: Sequence[UUID]) -> dict[UUID, bytes]:
        """The keys there are; an erased or unknown member has none."""
        with self._store.statement() as cursor:
            cursor.execute("SELECT member, kek_id, wrapped FROM member_keys WHERE member = ANY(%s)", (list(members),))
            rows = cursor.fetchall()
        return {row["member"]: self.unwrap(row["member"], row["kek_id"], row["wrapped"]) for row in rows}

    def unwrap(self, member: UUID, kek_id: str, wrapped: bytes) -> bytes:
        return self._kek.unwrap(kek_id, wrapped, belongs_to(self._store, "member_keys", member))

    def destroy(self, member: UUID) -> Write:
        """The row to delete with the event that erases the member."""
        return lambda cursor: _delete(cursor, member)


class DataKeys:
    """Keys by what they are for; a random one is made when it is first asked for, and remembered in this process."""

    def __init__(self, store: EventStore, kek: KeyEncryption) -> None:
        self._store = store
        self._kek = kek
        self._known: dict[str, bytes] = {}

    def of(self, name: str) -> bytes:
        if name not in self._known:
            self._known[name] = self._kept(name) or self._made(name)
        return self._known[name]

    def _kept(self, name: str) -> bytes | None:
        with self._store.statement() as cursor:
            cursor.execute("SELECT kek_id, wrapped FROM data_keys WHERE name = %s", (name,))
            row = cursor.fetchone()
        return self._kek.unwrap(row["kek_id"], row["wrapped"], belongs_to(self._store, "data_keys", name)) if row else None

    def _made(self, name: str) -> bytes:
        """Of those who make one at once the first one's is kept, and all have that."""
        kek_id, wrapped = self._kek.wrap(AESGCM.generate_key(256), belongs_to(self._store, "data_keys", name))
        with self._store.statement() as cursor:
            cursor.execute("INSERT INTO data_keys VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", (name, kek_id, wrapped))
        kept = self._kept(name)
        assert kept is not None, "a data key's row is never deleted"
        return kept


def belongs_to(store: EventStore, table: str, owner: UUID | str) -> str:
    """What a wrapped key is for: it opens in no other service, no other table and no other row."""
    return f"{store.service}/{table}/{owner}"


def _insert(cursor: Cursor[DictRow], member: UUID, kek_id: str, wrapped: bytes) -> None:
    cursor.execute("INSERT INTO member_keys (member, kek_id, wrapped) VALUES (%s, %s, %s)", (member, kek_id, wrapped))


def _delete(cursor: Cursor[DictRow], member: UUID) -> None:
    cursor.execute("DELETE FROM member_keys WHERE member = %s", (member,))
