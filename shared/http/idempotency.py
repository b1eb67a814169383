"""The first answer to an Idempotency-Key, kept encrypted for 24 hours in the transaction that stored its events.

There is no claim to clean up: a request that died left no row, so its key is free. Two requests with one key at once
both try to insert; the second conflicts, is decided again alone, and finds the first one's answer.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from shared.clock import Clock
from shared.errors import MEDIA_TYPE, Problem
from shared.store.encryption import seal, unseal
from shared.store.event_store import EventStore, Write, WriteWithIds

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS idempotent_answers ("
    "key bytea PRIMARY KEY, fingerprint bytea NOT NULL, answer bytea NOT NULL, kept_since timestamptz NOT NULL, about uuid)",
    "CREATE INDEX IF NOT EXISTS idempotent_answers_about ON idempotent_answers (about) WHERE about IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS idempotent_answers_kept_since ON idempotent_answers (kept_since)",
)
KEPT = timedelta(hours=24)
FORGETS_EVERY = timedelta(hours=1)


class Answer(msgspec.Struct, frozen=True):
    """What goes back: status, exact bytes, and the position of the last event stored."""

    status: int
    body: bytes
    position: int | None = None
    media_type: str = "application/json"

    @classmethod
    def of(cls, problem: Problem) -> "Answer":
        return cls(problem.status, problem.encoded(), None, MEDIA_TYPE)


@dataclass(frozen=True)
class RequestKey:
    """A caller's key for one request, and the fingerprint of what was requested; neither is kept in the clear."""

    key: bytes
    fingerprint: bytes

    @classmethod
    def of(cls, caller: str, key: str, *request: bytes) -> "RequestKey":
        return cls(_digest(caller.encode(), key.encode()), _digest(*request))


def _digest(*parts: bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def forget(members: Collection[UUID]) -> Write:
    """What requests about these members were, and how they were answered. Their keys stay used for the rest of their 24 hours:
    none of these requests is done again."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "UPDATE idempotent_answers SET fingerprint = '', answer = '', about = NULL WHERE about = ANY(%s)", (list(members),)
        )

    return write


class Answers:
    """The kept answers of one service."""

    def __init__(self, store: EventStore, key: bytes, clock: Clock) -> None:
        self._store = store
        self._key = key
        self._clock = clock
        self._forgot_at = datetime.min.replace(tzinfo=UTC)

    def kept(self, keys: Sequence[RequestKey]) -> dict[RequestKey, Answer | Problem]:
        """The first answers to these keys; a Problem for a key that was used with another body."""
        if not keys:
            return {}
        with self._store.statement() as cursor:
            cursor.execute(
                "SELECT key, fingerprint, answer FROM idempotent_answers WHERE key = ANY(%s) AND kept_since > %s",
                ([key.key for key in keys], self._clock() - KEPT),
            )
            rows = {bytes(row["key"]): row for row in cursor}
        return {key: self._answer(rows[key.key], key.fingerprint) for key in keys if key.key in rows}

    def keep(self, key: RequestKey, answer: Answer, about: UUID | None = None) -> WriteWithIds:
        """The row to write with the events; it carries the position that they were given. `about`: with whose erasure it is
        forgotten."""

        def write(cursor: Cursor[DictRow], ids: Sequence[int]) -> None:
            positioned = msgspec.structs.replace(answer, position=ids[-1]) if ids else answer
            sealed = seal(self._key, msgspec.msgpack.encode(positioned), key.key.hex())
            values = (key.key, key.fingerprint, sealed, now, about)
            cursor.execute("DELETE FROM idempotent_answers WHERE key = %s AND kept_since <= %s", (key.key, now - KEPT))
            cursor.execute("INSERT INTO idempotent_answers VALUES (%s, %s, %s, %s, %s)", values)

        now = self._clock()
        return write

    def forget_old(self) -> None:
        """Deletes what is older than 24 hours, at most once in an hour."""
        if self._clock() - self._forgot_at < FORGETS_EVERY:
            return
        self._forgot_at = self._clock()
        with self._store.transaction() as cursor:
            cursor.execute("DELETE FROM idempotent_answers WHERE kept_since <= %s", (self._clock() - KEPT,))

    def _answer(self, row: DictRow, fingerprint: bytes) -> Answer | Problem:
        if bytes(row["fingerprint"]) != fingerprint:
            return Problem(422, "key-reused", "This Idempotency-Key was used for another request.")
        return msgspec.msgpack.decode(unseal(self._key, bytes(row["answer"]), bytes(row["key"]).hex()), type=Answer)
