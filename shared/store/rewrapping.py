"""Wraps every data key anew under the current key-encryption key, while the service runs; events aren't touched.

A row is changed only where it is still as it was read, and none is ever inserted: an erased member's key doesn't come back.
Who is killed has left each row under the one key or the other, and both open it until the retired one is taken away.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from psycopg.rows import DictRow

from shared.store.encryption import belongs_to
from shared.store.event_store import EventStore
from shared.store.key_encryption import KeyEncryption, UnknownKey

BATCH = 500


@dataclass(frozen=True)
class Table:
    name: str
    column: str
    type: str


TABLES = (Table("member_keys", "member", "uuid"), Table("data_keys", "name", "text"))


@dataclass(frozen=True)
class Under:
    """So many rows of a table are wrapped under one key; `opens` where that key is there."""

    table: str
    kek_id: str
    rows: int
    opens: bool


@dataclass(frozen=True)
class Rewrapped:
    """What one batch came to: `failed` rows are as they were, under a key that isn't there, or not what they should be."""

    table: str
    rows: int
    failed: int


def status(store: EventStore, kek: KeyEncryption) -> list[Under]:
    """How many keys are under which key-encryption key. One of each is opened, to see whether its key is there."""
    with store.transaction() as cursor:
        found: list[tuple[Table, DictRow]] = []
        for table in TABLES:
            cursor.execute(
                f"SELECT kek_id, count(*) AS rows, (array_agg({table.column}))[1] AS id, (array_agg(wrapped))[1] AS wrapped"  # noqa: S608
                f" FROM {table.name} GROUP BY kek_id ORDER BY kek_id".encode()
            )
            found += [(table, row) for row in cursor]
    return [Under(table.name, row["kek_id"], row["rows"], _opened(store, kek, table, row) is not None) for table, row in found]


def rewrap(store: EventStore, kek: KeyEncryption, batch: int = BATCH) -> Iterator[Rewrapped]:
    """Goes through both tables until nothing is left under another key than the current one, but what failed."""
    for table in TABLES:
        failed: list[Any] = []
        while rows := _others(store, kek.id, table, failed, batch):
            opened = [(row, _opened(store, kek, table, row)) for row in rows]
            lost = [row["id"] for row, key in opened if key is None]
            failed += lost
            fresh = [(row, *kek.wrap(key, belongs_to(store, table.name, row["id"]))) for row, key in opened if key]
            yield Rewrapped(table.name, _put(store, table, fresh), len(lost))


def _others(store: EventStore, current: str, table: Table, failed: Sequence[Any], batch: int) -> list[DictRow]:
    with store.transaction() as cursor:
        cursor.execute(
            f"SELECT {table.column} AS id, kek_id, wrapped FROM {table.name}"  # noqa: S608
            f" WHERE kek_id <> %s AND {table.column} <> ALL(%s::{table.type}[]) ORDER BY {table.column} LIMIT %s".encode(),
            (current, list(failed), batch),
        )
        return cursor.fetchall()


def _opened(store: EventStore, kek: KeyEncryption, table: Table, row: DictRow) -> bytes | None:
    try:
        return kek.unwrap(row["kek_id"], bytes(row["wrapped"]), belongs_to(store, table.name, row["id"]))
    except (UnknownKey, InvalidTag, ValueError):  # what is too short to be anything is a ValueError
        return None


def _put(store: EventStore, table: Table, fresh: Sequence[tuple[DictRow, str, bytes]]) -> int:
    """How many were still as they were read."""
    ids, olds = [row["id"] for row, _, _ in fresh], [row["wrapped"] for row, _, _ in fresh]
    with store.transaction() as cursor:
        cursor.execute(
            f"UPDATE {table.name} t SET kek_id = fresh.kek_id, wrapped = fresh.wrapped"  # noqa: S608
            f" FROM unnest(%s::{table.type}[], %s::bytea[], %s::text[], %s::bytea[]) AS fresh (id, old, kek_id, wrapped)"
            f" WHERE t.{table.column} = fresh.id AND t.wrapped = fresh.old".encode(),
            (ids, olds, [kek_id for _, kek_id, _ in fresh], [wrapped for _, _, wrapped in fresh]),
        )
        return int(cursor.rowcount)
