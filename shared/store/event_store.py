"""The event store of one service: `eventsourcing` on PostgreSQL, with our own rows written in the saving transaction."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, cast
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, InterfaceError, Mapper, Notification, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder
from psycopg import Connection, Cursor, sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow
from psycopg_pool import ConnectionPool

from shared.store.events import PrivateEvent, PrivateEventMapper

Write = Callable[[Cursor[DictRow]], None]
"""Rows that belong to the events: called with a cursor inside the saving transaction."""

WriteWithIds = Callable[[Cursor[DictRow], Sequence[int]], None]
"""As Write, called after the events are inserted, with their notification ids."""


@dataclass(frozen=True)
class Rows:
    """A Write of new rows. `statement` inserts them from one array for each column, so that those of many commands cost as
    much as those of one. Give the arrays in binary (`%b`): written out as text they cost twice as much, here and there."""

    statement: str
    rows: Sequence[tuple[Any, ...]]

    def __call__(self, cursor: Cursor[DictRow]) -> None:
        columns = [list(column) for column in zip(*self.rows, strict=True)]
        cursor.execute(self.statement.encode(), columns)


Conflict = IntegrityError
"""Somebody else wrote this version of an aggregate first; decide again."""

Unavailable = (OperationalError, InterfaceError)
"""The database can't be reached."""

LONGEST_WAIT_SECONDS = "3"
"""For a connection from the pool: whoever asks while the database is away is told so soon."""


TRUSTED_SECONDS = 1.0
"""A connection that was in use so shortly ago isn't asked whether it is alive."""

GIVES_UP_SECONDS = 5.0
"""The pool doubles its pauses between attempts at a lost database; giving one up lets the next request start at once."""


INSERT = sql.SQL(
    "INSERT INTO {} (originator_id, originator_version, topic, state)"
    " SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[]) RETURNING notification_id"
)


class WritingRecorder(PostgresApplicationRecorder):
    """Runs the writes that came with the events: `before` them (the events table is locked from their insert to the
    commit, so what can go first does), or `after` them, where their ids are needed."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Once: the library's ten attempts would keep everybody waiting while the database is away."""
        once = PostgresApplicationRecorder.insert_events.__wrapped__
        return cast("Sequence[int] | None", once(self, stored_events, **kwargs))

    def _insert_events(self, curs: Cursor[DictRow], stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        _write(curs, [partial(write, curs) for write in kwargs.get("before", ())])

    def _insert_stored_events(self, curs: Cursor[DictRow], stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        """As the library does it, but from an array for each column: composite values are written out one by one."""
        self._lock_table(curs)
        self._notify_channel(curs)
        columns = zip(*((e.originator_id, e.originator_version, e.topic, e.state) for e in stored_events), strict=True)
        curs.execute(INSERT.format(sql.Identifier(self.events_table_name)), [list(column) for column in columns], prepare=True)

    def _fetch_ids_after_insert_events(
        self, curs: Cursor[DictRow], stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        ids = super()._fetch_ids_after_insert_events(curs, stored_events, **kwargs)
        _write(curs, [partial(write, curs, ids or ()) for write in kwargs.get("after", ())])
        return ids


def _write(cursor: Cursor[DictRow], writes: Sequence[Callable[[], None]]) -> None:
    """What the database refuses is raised here, as what it is.

    The recorder sends in a pipeline. A refusal whose answer arrived before the next statement was sent made its COMMIT raise
    PipelineAborted instead, an OperationalError: a conflict was taken for a lost database, and tried for two seconds.
    """
    if not writes:
        return
    with cursor.connection.pipeline():  # its end waits for the answers
        for write in writes:
            write()


class AliveCheck:
    """Asks a connection from the pool whether it is alive, but not one that serves group after group: the question was a
    third of ingest's round trips. One that was lost since then fails whoever has it, as one lost a moment later does."""

    def __init__(self) -> None:
        self._given: WeakKeyDictionary[Connection[Any], float] = WeakKeyDictionary()

    def __call__(self, connection: Connection[Any]) -> None:
        now = time.monotonic()
        if now - self._given.get(connection, -TRUSTED_SECONDS) >= TRUSTED_SECONDS:
            ConnectionPool.check_connection(connection)
        self._given[connection] = now


class EventStore(Application[UUID]):
    """Saves and loads private events. Making one connects, and makes the tables that aren't there."""

    def __init__(self, service: str, database_url: str, schema: Iterable[str] = (), pool_size: int = 4) -> None:
        self.service = service
        self._schema = tuple(schema)
        with _alone(database_url):
            super().__init__(_environment(service, database_url, pool_size))
            self.postgres.datastore.pool.reconnect_timeout = GIVES_UP_SECONDS
            self.postgres.datastore.pool._check = AliveCheck()  # the library offers its own or none
            with self.transaction() as cursor:
                for statement in self._schema:
                    cursor.execute(statement.encode())

    def construct_env(self, name: str, env: Any = None) -> Any:
        return super().construct_env(self.service, env)

    def construct_mapper(self) -> Mapper[UUID]:
        return PrivateEventMapper()

    @property
    def postgres(self) -> PostgresApplicationRecorder:
        return cast(PostgresApplicationRecorder, self.recorder)

    def record(
        self,
        events: Sequence[PrivateEvent],
        before: Sequence[Write] = (),
        after: Sequence[WriteWithIds] = (),
    ) -> tuple[int, ...]:
        """Saves events and rows in one transaction and returns the notification ids, in the order of the events.

        Raises Conflict where a version of an aggregate, or a row that must be new, is there already.
        """
        if not events:
            with self.transaction() as cursor:
                for write in before:
                    write(cursor)
                for write_with_ids in after:
                    write_with_ids(cursor, ())
            return ()
        stored = [self.mapper.to_stored_event(event) for event in events]
        return tuple(self.postgres.insert_events(stored, before=before, after=after) or ())

    def load(self, originator_id: UUID) -> Iterator[PrivateEvent]:
        """One aggregate's events in order; none for an id that isn't known."""
        return cast(Iterator[PrivateEvent], self.events.get(originator_id))

    def notifications(self, after: int, limit: int) -> list[tuple[int, PrivateEvent]]:
        """What was stored after a notification id, in commit order."""
        return [(notification.id, self.decoded(notification)) for notification in self.stored(after, limit)]

    def stored(self, after: int, limit: int) -> list[Notification]:
        """As `notifications`, in the bytes in which it is stored."""
        return list(self.postgres.select_notifications(after, limit, inclusive_of_start=False))

    def decoded(self, notification: Notification) -> PrivateEvent:
        return cast(PrivateEvent, self.mapper.to_domain_event(notification))

    @contextmanager
    def statement(self) -> Iterator[Cursor[DictRow]]:
        """For single statements: each is a transaction by itself, in one round trip instead of three."""
        with self.postgres.datastore.cursor() as cursor:
            yield cursor

    @contextmanager
    def transaction(self) -> Iterator[Cursor[DictRow]]:
        """A transaction of its own, for rows without events."""
        with self.postgres.datastore.transaction(commit=True) as cursor:
            yield cursor


@contextmanager
def _alone(database_url: str) -> Iterator[None]:
    """One process at a time: two that make one table at once end with one of them failing, IF NOT EXISTS or not."""
    try:
        connection = psycopg.connect(database_url, connect_timeout=10)
    except psycopg.OperationalError as away:
        raise OperationalError(str(away)) from away
    with connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('schema'))")
        yield


def _environment(service: str, database_url: str, pool_size: int) -> dict[str, str]:
    parts = {key: str(value) for key, value in conninfo_to_dict(database_url).items() if value is not None}
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "APPLICATION_RECORDER_TOPIC": f"{__name__}:WritingRecorder",
        "POSTGRES_DBNAME": parts.get("dbname", service),
        "POSTGRES_HOST": parts.get("host", "127.0.0.1"),
        "POSTGRES_PORT": parts.get("port", "5432"),
        "POSTGRES_USER": parts.get("user", "postgres"),
        "POSTGRES_PASSWORD": parts.get("password", ""),
        "POSTGRES_POOL_SIZE": str(pool_size),
        "POSTGRES_MAX_OVERFLOW": "4",
        "POSTGRES_CONNECT_TIMEOUT": LONGEST_WAIT_SECONDS,
        "POSTGRES_PRE_PING": "y",  # a restarted database leaves dead connections in the pool
        "POSTGRES_ENABLE_DB_FUNCTIONS": "n",
        "POSTGRES_IDLE_IN_TRANSACTION_SESSION_TIMEOUT": "5",
    }


__all__ = ["Conflict", "EventStore", "Rows", "Unavailable", "Write", "WriteWithIds", "WritingRecorder"]
