"""The first answer to an Idempotency-Key, kept encrypted for 24 hours in the transaction that stored its events.

There is no claim to clean up: a request that died left no row, so its key is free. Two requests with one key at once
both try to insert; the second conflicts, is decided again alone, and finds the first one's answer.
"""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from shared.clock import Clock
from shared.errors import MEDIA_TYPE, Problem
from shared.store.encryption import DataKeys
from shared.store.event_store import EventStore, Write, WriteWithIds
from shared.store.sealing import seal, unseal

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
    """A caller's key for one request, and the fingerprint of what was requested; neither is kept in the clear, and nobody
    without our key can try whether a guessed note gives the same."""

    key: bytes
    fingerprint: bytes


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

    def __init__(self, store: EventStore, keys: DataKeys, clock: Clock) -> None:
        self._store = store
        self._key = keys.of("idempotent answers")
        self._hmac = hmac.new(keys.of("request fingerprints"), digestmod="sha256")
        self._clock = clock
        self._forgot_at = datetime.min.replace(tzinfo=UTC)

    def key_of(self, caller: str, key: str, *request: bytes) -> RequestKey:
        return RequestKey(self._mac(caller.encode(), key.encode()), self._mac(*request))

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
            sealed = seal(self._key, msgspec.msgpack.encode(positioned), self._place(key.key))
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
        return msgspec.msgpack.decode(unseal(self._key, bytes(row["answer"]), self._place(bytes(row["key"]))), type=Answer)

    def _place(self, key: bytes) -> str:
        return f"{self._store.service}/idempotent_answers/{key.hex()}"

    def _mac(self, *parts: bytes) -> bytes:
        """Of parts that can't run into each other."""
        mac = self._hmac.copy()  # a third less than to begin with the key each time
        mac.update(b"".join(len(part).to_bytes(8, "big") + part for part in parts))
        return mac.digest()
