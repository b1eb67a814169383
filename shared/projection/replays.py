"""Replays as rows: what is asked for, how far it is, and what came of it. Whoever holds a row's lease works on it.

queued -> building -> following (it keeps up with the live view) -> switched -> rolled-back; a dry run ends as `done`.
`paused` goes on at `resume`; `cancelled` and `failed` have left nothing behind but their row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from psycopg import Cursor
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from shared.clock import Clock
from shared.errors import unknown, wrong_state
from shared.store.event_store import EventStore

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS replays (id uuid PRIMARY KEY, reader text NOT NULL, view text NOT NULL, target text NOT NULL,"
    " state text NOT NULL, wish text, asked jsonb NOT NULL, asked_by text NOT NULL, generation int NOT NULL, rate float8,"
    " switch_by_itself boolean NOT NULL, done bigint NOT NULL DEFAULT 0, total bigint NOT NULL DEFAULT 0,"
    " events_per_second float8 NOT NULL DEFAULT 0, result jsonb, problem text, created_at timestamptz NOT NULL,"
    " ended_at timestamptz, lease uuid, lease_until timestamptz)",
)
LEASE = timedelta(seconds=5)
"""Whoever was killed at work is followed by another after so long."""


class State(StrEnum):
    QUEUED = "queued"
    BUILDING = "building"
    FOLLOWING = "following"
    PAUSED = "paused"
    DONE = "done"
    SWITCHED = "switched"
    ROLLED_BACK = "rolled-back"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Wish(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    SWITCH = "switch"
    ROLL_BACK = "roll-back"


AT_WORK = (State.QUEUED, State.BUILDING, State.FOLLOWING)
FITS: Mapping[Wish, tuple[State, ...]] = {
    Wish.PAUSE: AT_WORK,
    Wish.RESUME: (State.PAUSED,),
    Wish.CANCEL: (*AT_WORK, State.PAUSED),
    Wish.SWITCH: (State.FOLLOWING,),
    Wish.ROLL_BACK: (State.SWITCHED,),
}


@dataclass(frozen=True)
class Ask:
    """`asked` limits what a dry run reports: `from`, `to`, `types`, `members`."""

    view: str
    target: str
    by: str
    asked: Mapping[str, Any]
    rate: float | None = None
    switch_by_itself: bool = False


class Replays:
    """The replays of one reader's views."""

    def __init__(self, store: EventStore, reader: str, clock: Clock) -> None:
        self._store = store
        self._reader = reader
        self._clock = clock

    def start(self, ask: Ask, lease: UUID | None = None) -> UUID:
        """Takes the view's next generation. Raises a 404 Problem for an unknown view, a 409 where one is being built."""
        id_, now = uuid4(), self._clock()
        with self._store.transaction() as cursor:
            cursor.execute(
                "UPDATE view_generations SET last = last + 1 WHERE reader = %s AND view = %s RETURNING last",
                (self._reader, ask.view),
            )
            row = cursor.fetchone()
            if row is None:
                raise unknown("view", "/view")
            if ask.target == "shadow" and self._shadows(cursor, ask.view):
                raise wrong_state("This view is being built anew already.")
            place, held = (id_, self._reader, ask.view, ask.target), (lease, now + LEASE if lease else None)
            cursor.execute(
                "INSERT INTO replays (id, reader, view, target, state, asked, asked_by, generation, rate, switch_by_itself,"
                " created_at, lease, lease_until) VALUES (%s, %s, %s, %s, 'queued', %s, %s, %s, %s, %s, %s, %s, %s)",
                (*place, Jsonb(dict(ask.asked)), ask.by, row["last"], ask.rate, ask.switch_by_itself, now, *held),
            )
        return id_

    def _shadows(self, cursor: Cursor[DictRow], view: str) -> bool:
        states = [*AT_WORK, State.PAUSED]
        cursor.execute(
            "SELECT 1 FROM replays WHERE reader = %s AND view = %s AND target = 'shadow' AND state = ANY(%s)",
            (self._reader, view, states),
        )
        return cursor.fetchone() is not None

    def get(self, id_: UUID) -> DictRow:
        """Raises a 404 Problem."""
        with self._store.transaction() as cursor:
            cursor.execute("SELECT * FROM replays WHERE id = %s AND reader = %s", (id_, self._reader))
            row = cursor.fetchone()
        if row is None:
            raise unknown("replay")
        return row

    def page(self, limit: int, before: tuple[datetime, UUID] | None) -> list[DictRow]:
        at, last = before or (None, None)
        with self._store.transaction() as cursor:
            cursor.execute(
                "SELECT * FROM replays WHERE reader = %s AND (%s::uuid IS NULL OR (created_at, id) < (%s, %s))"
                " ORDER BY created_at DESC, id DESC LIMIT %s",
                (self._reader, last, at, last, limit + 1),
            )
            return cursor.fetchall()

    def wish(self, id_: UUID, wish: Wish) -> DictRow:
        """Notes what is wished; who works on it does it. Raises a 404 or 409 Problem."""
        row = self.get(id_)
        with self._store.transaction() as cursor:
            cursor.execute(
                "UPDATE replays SET wish = %s WHERE id = %s AND state = ANY(%s) AND wish IS DISTINCT FROM %s",
                (wish, id_, list(FITS[wish]), Wish.ROLL_BACK),
            )
            if cursor.rowcount == 0:
                state = "being taken back" if row["wish"] == Wish.ROLL_BACK else row["state"]
                raise wrong_state(f"The replay is {state}.")
        return row | {"wish": wish}

    def take(self, lease: UUID) -> DictRow | None:
        """One that is to be worked on and that nobody else is at; its lease is ours then."""
        now = self._clock()
        with self._store.transaction() as cursor:
            cursor.execute(
                "UPDATE replays SET lease = %s, lease_until = %s WHERE id = (SELECT id FROM replays WHERE reader = %s"
                " AND (state = ANY(%s) OR wish IN ('resume', 'roll-back') OR (state = 'paused' AND wish = 'cancel'))"
                " AND (lease_until IS NULL OR lease_until < %s)"
                " ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *",
                (lease, now + LEASE, self._reader, list(AT_WORK), now),
            )
            return cursor.fetchone()

    def report(self, row: DictRow, **columns: Any) -> Wish | None:
        """Writes columns, renews the lease, and answers with what is wished. Raises LeaseLost where another works on it."""
        names = ", ".join(f"{name} = %s" for name in columns)
        values = [Jsonb(value) if isinstance(value, dict) else value for value in columns.values()]
        with self._store.transaction() as cursor:
            cursor.execute(
                f"UPDATE replays SET {names}{', ' if names else ''} lease_until = %s WHERE id = %s AND lease = %s"
                " RETURNING wish".encode(),
                (*values, self._clock() + LEASE, row["id"], row["lease"]),
            )
            now = cursor.fetchone()
        if now is None:
            raise LeaseLost(str(row["id"]))
        return Wish(now["wish"]) if now["wish"] else None

    def settle(self, row: DictRow, state: State, **columns: Any) -> None:
        """Ends work on it for now: what was wished is done, and nobody is at it."""
        ended = {} if state in (State.PAUSED, State.FOLLOWING) else {"ended_at": self._clock()}
        self.report(row, **{"wish": None, **columns}, state=state, **ended)
        with self._store.transaction() as cursor:
            cursor.execute(
                "UPDATE replays SET lease = NULL, lease_until = NULL WHERE id = %s AND lease = %s",
                (row["id"], row["lease"]),
            )


class LeaseLost(RuntimeError):
    """Another process works on this replay by now."""
