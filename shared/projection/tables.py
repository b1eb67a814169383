"""The table of one generation of a view: created, loaded from and written to.

Generations lie side by side under names of their own (`members_g7`); readers use the view's name, which is an SQL view of
the live one, so that a switch is one statement.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from psycopg import Cursor
from psycopg.pq import PipelineStatus
from psycopg.rows import DictRow

from shared.projection.states import Cell
from shared.projection.view import Key, View

S = TypeVar("S")

FEW_ROWS = 200
"""Up to so many are sent as arrays in one statement; above, COPY into a temporary table costs a third of it."""


@dataclass(frozen=True)
class Table(Generic[S]):
    view: View[S]
    generation: int

    @property
    def name(self) -> str:
        return f"{self.view.name}_g{self.generation}"

    def create(self, cursor: Cursor[DictRow]) -> None:
        columns = ", ".join(f"{name} {type_}" for name, type_ in self._types.items())
        self._execute(cursor, f"CREATE TABLE IF NOT EXISTS {self.name} ({columns}, PRIMARY KEY ({self._key}))")
        for number, index in enumerate(self.view.indexes):
            self._execute(cursor, f"CREATE INDEX IF NOT EXISTS {self.name}_{number} ON {self.name} ({index})")

    def drop(self, cursor: Cursor[DictRow]) -> None:
        self._execute(cursor, f"DROP TABLE IF EXISTS {self.name} CASCADE")

    def load(self, cursor: Cursor[DictRow], keys: Collection[Key]) -> dict[Key, S | None]:
        """The states of these keys; None where there is none."""
        found: dict[Key, S | None] = dict.fromkeys(keys)
        arrays = [list(column) for column in zip(*keys, strict=True)]
        wanted = ", ".join(f"%b::{type_}[]" for type_ in self.view.key.values())
        self._execute(
            cursor, f"SELECT t.* FROM {self.name} t JOIN unnest({wanted}) AS wanted ({self._key}) USING ({self._key})", arrays
        )
        found.update(self._state(row) for row in cursor)
        return found

    def write(self, cursor: Cursor[DictRow], cells: Iterable[Cell]) -> None:
        """Puts the states of these cells, each key once; one without a state is deleted."""
        to_row = self.view.to_row
        new: list[tuple[Any, ...]] = []
        changed: list[tuple[Any, ...]] = []
        gone: list[Key] = []
        for cell in cells:
            if cell.state is not None:
                (changed if cell.has_row else new).append((*cell.key, *to_row(cell.state)))
            elif cell.has_row:
                gone.append(cell.key)
        if self.view.unless:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtext(%s))", (self.view.name,))
        if gone:
            self._delete(cursor, gone)
        if self.view.unless:  # a row that isn't there may only not be kept
            new, changed = [], new + changed
        in_bulk = len(new) + len(changed) > FEW_ROWS and cursor.connection.pgconn.pipeline_status == PipelineStatus.OFF
        if new:
            (self._copy if in_bulk else self._insert)(cursor, self.name, new)
        if changed:
            (self._merge if in_bulk else self._upsert)(cursor, self.name, changed)

    def sweep(self, cursor: Cursor[DictRow]) -> None:
        """Deletes what isn't to be kept although it was folded."""
        if self.view.unless:
            self._execute(cursor, f"DELETE FROM {self.name} new WHERE {self.view.unless}")

    def forget(self, cursor: Cursor[DictRow], members: Collection[UUID]) -> None:
        """What the rows of these members say. Their erasures are put before it."""
        if self.view.unless:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (self.view.name,))
        blanks = ", ".join(f"{column} = {value}" for column, value in self.view.blanked.items())
        statement = f"UPDATE {self.name} SET {blanks}" if blanks else f"DELETE FROM {self.name}"
        self._execute(cursor, f"{statement} WHERE {self.view.subject} = ANY(%s)", (list(members),))

    @property
    def _types(self) -> dict[str, str]:
        return {**self.view.key, **self.view.columns}

    @property
    def _key(self) -> str:
        return ", ".join(self.view.key)

    def _insert(self, cursor: Cursor[DictRow], table: str, rows: Sequence[tuple[Any, ...]], ends: str = "") -> None:
        """Where a row is there after all, the key says so, and the batch is folded again on what is there."""
        arrays = [list(column) for column in zip(*rows, strict=True)]
        types = ", ".join(f"%s::{type_}[]" for type_ in self._types.values())
        names = ", ".join(self._types)
        self._execute(cursor, f"INSERT INTO {table} SELECT * FROM unnest({types}) AS new ({names}){ends}", arrays)

    def _upsert(self, cursor: Cursor[DictRow], table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self._insert(cursor, table, rows, self._or_update)

    def _merge(self, cursor: Cursor[DictRow], table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        incoming = f"incoming_{table}"
        self._execute(cursor, f"CREATE TEMP TABLE IF NOT EXISTS {incoming} (LIKE {table}) ON COMMIT DELETE ROWS")
        self._copy(cursor, incoming, rows)
        self._execute(cursor, f"INSERT INTO {table} SELECT * FROM {incoming} AS new{self._or_update}")

    @property
    def _or_update(self) -> str:
        """What follows the rows to put, which are called `new`."""
        where = f"NOT ({self.view.unless})" if self.view.unless else "true"  # the grammar wants it before ON CONFLICT
        changes = ", ".join(f"{column} = excluded.{column}" for column in self.view.columns)
        return f" WHERE {where} ON CONFLICT ({self._key}) DO " + (f"UPDATE SET {changes}" if changes else "NOTHING")

    def _copy(self, cursor: Cursor[DictRow], table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        with cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)".encode()) as copy:
            copy.set_types(list(self._types.values()))
            for row in rows:
                copy.write_row(row)

    def _delete(self, cursor: Cursor[DictRow], keys: Sequence[Key]) -> None:
        arrays = [list(column) for column in zip(*keys, strict=True)]
        types = ", ".join(f"%s::{type_}[]" for type_ in self.view.key.values())
        self._execute(cursor, f"DELETE FROM {self.name} WHERE ({self._key}) IN (SELECT * FROM unnest({types}))", arrays)

    def _state(self, row: DictRow) -> tuple[Key, S]:
        values = list(row.values())
        width = len(self.view.key)
        return tuple(values[:width]), self.view.from_row(*values)

    def _execute(self, cursor: Cursor[DictRow], statement: str, values: Sequence[Any] = ()) -> None:
        cursor.execute(statement.encode(), values)
