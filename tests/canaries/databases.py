"""Every row of every table as text, where bytes are hexadecimal digits; and bytes as themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
from psycopg import sql

from tests.canaries.scene import Named, Scene

APART = ("_events", "deliveries", "attempts", "timers", "parked", "replays", "idempotent_answers")
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
ACTIVITY = ("pg_stat_activity", "pg_prepared_statements", "pg_settings", "pg_description", "pg_database", "pg_roles")


def tables(ending: str) -> Callable[[Scene], Iterator[Named]]:
    return lambda scene: _rows(scene, lambda table: table.endswith(ending))


def other_tables(scene: Scene) -> Iterator[Named]:
    return _rows(scene, lambda table: not table.endswith(APART))


def activity(scene: Scene) -> Iterator[Named]:
    for service, url in scene.databases().items():
        with psycopg.connect(url, autocommit=True) as connection:
            for view in ACTIVITY:
                yield from dumped(connection, f"{service}.{view}", view)


def _rows(scene: Scene, chosen: Callable[[str], bool]) -> Iterator[Named]:
    for service, url in scene.databases().items():
        with psycopg.connect(url, autocommit=True) as connection:
            for (table,) in connection.execute(TABLES).fetchall():
                if chosen(table):
                    yield from dumped(connection, f"{service}.{table}", table)


def dumped(connection: psycopg.Connection, name: str, table: str) -> Iterator[Named]:
    """Its columns' names too, and each value of bytes as it is."""
    cursor = connection.execute(sql.SQL("SELECT t::text AS whole, t.* FROM {} AS t").format(sql.Identifier(table)))
    yield name, " ".join(column.name for column in cursor.description or ()).encode()
    while rows := cursor.fetchmany(1_000):
        pieces = [value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]
        yield name, b"\n".join(pieces)
