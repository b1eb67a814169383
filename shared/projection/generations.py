"""Which table is the live one of each view.

A view's name is an SQL view of its live generation: whoever reads knows nothing of generations, and a switch is one short
transaction. The former generation stays until the next switch, so that a switch can be taken back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.projection.tables import Table
from shared.projection.view import View
from shared.store.event_store import EventStore

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS view_generations (view text PRIMARY KEY, reader text NOT NULL, live int NOT NULL,"
    " version int NOT NULL, previous int, previous_version int, last int NOT NULL)",
)
_EVERY = """
SELECT relname::text AS name, array_agg(attname::text) AS columns FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname ~ %s AND attnum > 0 AND NOT attisdropped
GROUP BY relname ORDER BY relname
"""
NOT_BUILT = 0
"""The version of a view that is new to a reader with a past: its live generation is empty until one is built."""


class OtherVersion(RuntimeError):
    """The live generation is of another version than this code: it must not be folded into."""


@dataclass(frozen=True)
class Generations:
    """The generations of one reader's views."""

    reader: str
    views: Sequence[View[Any]]

    def prepare(self, store: EventStore) -> None:
        """Makes the tables that a new database lacks. A view that is new here while its topic has been read waits, empty,
        until it is built."""
        with store.transaction() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('generations'))")
            known = self.rows(cursor)
            for view in self.views:
                if view.name not in known:
                    self._begin(cursor, view)

    def rows(self, cursor: Cursor[DictRow]) -> dict[str, DictRow]:
        cursor.execute("SELECT * FROM view_generations WHERE reader = %s", (self.reader,))
        return {row["view"]: row for row in cursor}

    def live(self, cursor: Cursor[DictRow]) -> dict[str, Table[Any]]:
        """The live table of each view. Raises OtherVersion where one isn't of this code's version."""
        rows = self.rows(cursor)
        for view in self.views:
            if rows[view.name]["version"] != view.version:
                raise OtherVersion(f"{view.name} is live in version {rows[view.name]['version']}, not {view.version}")
        return {view.name: Table(view, rows[view.name]["live"]) for view in self.views}

    def fit(self, store: EventStore) -> bool:
        """Whether every live generation is of this code's version."""
        try:
            with store.transaction() as cursor:
                self.live(cursor)
        except OtherVersion:
            return False
        return True

    def _begin(self, cursor: Cursor[DictRow], view: View[Any]) -> None:
        cursor.execute(
            "SELECT 1 FROM reader_positions WHERE reader = %s AND topic = %s AND next_offset > 0", (self.reader, view.topic)
        )
        version = NOT_BUILT if cursor.fetchone() else view.version
        table = Table(view, 1)
        table.create(cursor)
        cursor.execute(
            "INSERT INTO view_generations (view, reader, live, version, last) VALUES (%s, %s, 1, %s, 1)",
            (view.name, self.reader, version),
        )
        show(cursor, view.name, table.name)


def every(cursor: Cursor[DictRow], view: View[Any]) -> list[Table[Any]]:
    """Each generation in which a member's row can be found: the live one, the former, and what is being built. None of them is
    dropped before this transaction ends. One of another release's columns has nothing that has to stay."""
    cursor.execute("SELECT FROM view_generations WHERE view = %s FOR SHARE", (view.name,))
    cursor.execute(_EVERY, (f"^{view.name}_g[0-9]+$",))
    today = {*view.key, *view.columns}
    return [
        Table(view if set(row["columns"]) == today else replace(view, blanked={}), int(row["name"].rpartition("_g")[2]))
        for row in cursor
        if view.subject in row["columns"]
    ]


def show(cursor: Cursor[DictRow], view: str, table: str) -> None:
    """Makes this table the one that is read under the view's name."""
    cursor.execute(f"DROP VIEW IF EXISTS {view}".encode())
    cursor.execute(f"CREATE VIEW {view} AS SELECT * FROM {table}".encode())
