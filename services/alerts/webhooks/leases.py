"""Owed deliveries and due timers are leased, not locked: what dies with its process is taken by another 5 s later.

All times are the injected clock's. Each call is one statement on a connection in autocommit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from services.alerts.domain.claims import Claim
from services.alerts.domain.timers import Kind, Timer
from shared.events.alerts import Tier

LEASE = timedelta(seconds=5)
POOL_SECONDS = 5.0
"""Who waits longer for a connection has lost the database, and ends to be started again."""

AT_ONE_ENDPOINT = 8
"""Attempts in flight to one endpoint, so that a dead one doesn't take every place."""

_TAKE = """
WITH due AS (
    SELECT id, endpoint, tier, due_at,
           row_number() OVER (PARTITION BY endpoint ORDER BY tier = 'red' DESC, due_at) AS place
    FROM deliveries
    WHERE state = 'owed' AND due_at <= %(now)s AND (lease_until IS NULL OR lease_until <= %(now)s)
), chosen AS (
    SELECT due.id FROM due
    LEFT JOIN unnest(%(busy)s::uuid[], %(counts)s::int[]) AS busy (endpoint, flying) USING (endpoint)
    WHERE due.place + coalesce(busy.flying, 0) <= %(at_one)s
    ORDER BY due.tier = 'red' DESC, due.due_at LIMIT %(limit)s
)
UPDATE deliveries d SET attempts = d.attempts + 1, lease_until = %(until)s FROM endpoints e
WHERE e.id = d.endpoint AND d.id IN (
    SELECT id FROM deliveries WHERE id IN (SELECT id FROM chosen) AND state = 'owed'
    AND (lease_until IS NULL OR lease_until <= %(now)s) FOR UPDATE SKIP LOCKED)
RETURNING d.id, d.alert, d.supporter, d.offer, d.endpoint, d.type, d.tier, d.body, d.owed_since, d.attempts,
    e.url, e.secret, e.signing_key
"""
_TAKE_TIMERS = """
UPDATE timers SET lease_until = %(until)s WHERE id IN (
    SELECT id FROM timers WHERE due_at <= %(now)s AND (lease_until IS NULL OR lease_until <= %(now)s)
    ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING alert, kind, sequence, due_at, n
"""
_SETTLE = """
WITH settled AS (
    UPDATE deliveries SET state = %(state)s, lease_until = NULL WHERE id = %(id)s AND state = ANY(%(among)s)
)
INSERT INTO attempts (delivery, n, at, status, error, latency_ms)
VALUES (%(id)s, %(n)s, %(at)s, %(status)s, %(error)s, %(latency_ms)s) ON CONFLICT DO NOTHING
"""
_TRY_AGAIN = """
WITH put_off AS (
    UPDATE deliveries SET due_at = %(due_at)s, lease_until = NULL
    WHERE id = %(id)s AND state = 'owed' AND attempts = %(n)s
)
INSERT INTO attempts (delivery, n, at, status, error, latency_ms)
VALUES (%(id)s, %(n)s, %(at)s, %(status)s, %(error)s, %(latency_ms)s) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Leased:
    """A delivery of which this process makes the `n`-th attempt now. The address and the secrets are still sealed, and the
    body has no token yet: `claim` is what its link is for."""

    id: UUID
    claim: Claim | None
    endpoint: UUID
    type: str
    tier: Tier
    body: bytes
    owed_since: datetime
    n: int
    url: bytes
    secret: bytes
    signing_key: bytes


@dataclass(frozen=True)
class Attempt:
    """How an attempt ended: a status, or the code of an error. `retry_after` as the receiver asked."""

    at: datetime
    status: int | None
    error: str | None
    latency_ms: float
    retry_after: timedelta | None = None

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    def row(self, delivery: Leased) -> dict[str, Any]:
        values = {"at": self.at, "status": self.status, "error": self.error, "latency_ms": self.latency_ms}
        return {"id": delivery.id, "n": delivery.n, **values}


class Leases:
    """The dispatcher's statements."""

    def __init__(self, database_url: str) -> None:
        self.pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
            database_url,
            min_size=2,
            max_size=4,
            open=False,
            timeout=POOL_SECONDS,
            kwargs={"autocommit": True, "row_factory": dict_row},
        )

    async def ready(self) -> None:
        """Raises where the database can't be reached."""
        await self._rows("SELECT 1 AS one", {})

    async def take(self, now: datetime, limit: int, busy: Mapping[UUID, int]) -> list[Leased]:
        """Up to `limit` due deliveries, red first; `busy` counts what is in flight by endpoint."""
        times = {"now": now, "until": now + LEASE, "limit": limit, "at_one": AT_ONE_ENDPOINT}
        rows = await self._rows(_TAKE, {**times, "busy": list(busy), "counts": list(busy.values())})
        return [_leased(row) for row in rows]

    async def take_timers(self, now: datetime, limit: int) -> list[Timer]:
        rows = await self._rows(_TAKE_TIMERS, {"now": now, "until": now + LEASE, "limit": limit})
        return [Timer(row["alert"], Kind(row["kind"]), row["sequence"], row["due_at"], row["n"]) for row in rows]

    async def delivered(self, delivery: Leased, attempt: Attempt) -> None:
        """Its 2xx is a fact, even where it wasn't owed any more by then."""
        states = ["owed", "withdrawn", "failed"]
        await self._do(_SETTLE, {**attempt.row(delivery), "state": "delivered", "among": states})

    async def failed(self, delivery: Leased, attempt: Attempt) -> None:
        """For good."""
        await self._do(_SETTLE, {**attempt.row(delivery), "state": "failed", "among": ["owed"]})

    async def try_again(self, delivery: Leased, attempt: Attempt, due_at: datetime) -> None:
        await self._do(_TRY_AGAIN, {**attempt.row(delivery), "due_at": due_at})

    async def _rows(self, statement: str, values: Mapping[str, Any]) -> list[DictRow]:
        async with self.pool.connection() as connection:
            rows: list[DictRow] = await (await connection.execute(statement.encode(), values)).fetchall()
            return rows

    async def _do(self, statement: str, values: Mapping[str, Any]) -> None:
        async with self.pool.connection() as connection:
            await connection.execute(statement.encode(), values)


def _leased(row: DictRow) -> Leased:
    return Leased(
        id=row["id"],
        claim=Claim(row["alert"], row["supporter"], row["offer"]) if row["offer"] else None,
        endpoint=row["endpoint"],
        type=row["type"],
        tier=Tier(row["tier"]),
        body=bytes(row["body"]),
        owed_since=row["owed_since"],
        n=row["attempts"],
        url=bytes(row["url"]),
        secret=bytes(row["secret"]),
        signing_key=bytes(row["signing_key"]),
    )
