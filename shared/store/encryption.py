"""A key for each member, wrapped by the key-encryption key; free text is encrypted field by field.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce in front of the ciphertext. What a ciphertext belongs to is its
associated data, so that it can't be moved to another record or field. Destroying a member's row destroys their text.
"""

import base64
import secrets
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from psycopg import Cursor
from psycopg.rows import DictRow

from shared.store.event_store import EventStore, Write

SCHEMA = ("CREATE TABLE IF NOT EXISTS member_keys (member uuid PRIMARY KEY, kek_id text NOT NULL, wrapped bytea NOT NULL)",)
NONCE_BYTES = 12


def seal(key: bytes, plaintext: bytes, belongs_to: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, belongs_to.encode())


def unseal(key: bytes, sealed: bytes, belongs_to: str) -> bytes:
    """Raises cryptography's InvalidTag for the wrong key, a changed text or another place."""
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], belongs_to.encode())


class KeyEncryptionKey:
    """The one secret from which everything at rest is protected; a file today, behind the calls a KMS offers."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.id = base64.urlsafe_b64encode(self._derive("id"))[:8].decode()
        self._wrapping = self._derive("wrap")

    @classmethod
    def from_file(cls, path: Path) -> "KeyEncryptionKey":
        return cls(base64.b64decode(path.read_text().strip()))

    def wrap(self, key: bytes, belongs_to: str) -> bytes:
        return seal(self._wrapping, key, belongs_to)

    def unwrap(self, wrapped: bytes, belongs_to: str) -> bytes:
        return unseal(self._wrapping, wrapped, belongs_to)

    def key_for(self, purpose: str) -> bytes:
        """A key of its own for one purpose, the same at every start (HKDF, RFC 5869)."""
        return self._derive(purpose)

    def _derive(self, purpose: str) -> bytes:
        return HKDF(SHA256(), 32, None, f"alongside {purpose}".encode()).derive(self._secret)


class MemberKeys:
    """The members' own keys, kept wrapped in the service's database."""

    def __init__(self, store: EventStore, kek: KeyEncryptionKey) -> None:
        self._store = store
        self._kek = kek

    def new(self, member: UUID) -> tuple[bytes, Write]:
        """A fresh key, and the row to write with the event that creates the member here."""
        key = AESGCM.generate_key(256)
        wrapped = self._kek.wrap(key, str(member))
        return key, lambda cursor: _insert(cursor, member, self._kek.id, wrapped)

    def of(self, members: Sequence[UUID]) -> dict[UUID, bytes]:
        """The keys there are; an erased or unknown member has none."""
        with self._store.statement() as cursor:
            cursor.execute("SELECT member, wrapped FROM member_keys WHERE member = ANY(%s)", (list(members),))
            return {row["member"]: self.unwrap(row["member"], row["wrapped"]) for row in cursor}

    def unwrap(self, member: UUID, wrapped: bytes) -> bytes:
        return self._kek.unwrap(wrapped, str(member))

    def destroy(self, member: UUID) -> Write:
        """The row to delete with the event that erases the member."""
        return lambda cursor: _delete(cursor, member)


def _insert(cursor: Cursor[DictRow], member: UUID, kek_id: str, wrapped: bytes) -> None:
    cursor.execute("INSERT INTO member_keys (member, kek_id, wrapped) VALUES (%s, %s, %s)", (member, kek_id, wrapped))


def _delete(cursor: Cursor[DictRow], member: UUID) -> None:
    cursor.execute("DELETE FROM member_keys WHERE member = %s", (member,))
