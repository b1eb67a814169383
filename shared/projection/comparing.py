"""Two generations of a view, key by key, as they are in one snapshot."""

from collections.abc import Sequence
from typing import Any

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.projection.tables import Table
from shared.projection.view import Key

EXAMPLES = 20


def compare(cursor: Cursor[DictRow], live: str, built: Table[Any], keys: set[Key] | None = None) -> dict[str, Any]:
    """How many keys have the same columns in both, different ones, or are in one of them only; for how many each column
    differs; and some examples, of which the names of what differs are told and no values.

    Rows are compared by the hash of the columns that both have. `keys` limits what is compared.
    """
    key = ", ".join(built.view.key)
    common = [*built.view.key, *(name for name in built.view.columns if name in _columns(cursor, live))]
    arrays = [list(column) for column in zip(*keys, strict=True)] if keys else []
    types = ", ".join(f"%s::{type_}[]" for type_ in built.view.key.values())
    among = "" if keys is None else (f" WHERE ({key}) IN (SELECT * FROM unnest({types}))" if keys else " WHERE false")
    hashed = f"SELECT {key}, md5(ROW({', '.join(common)})::text) AS hash FROM"
    both = (
        f"WITH compared AS (SELECT ({key})::text AS key, l.hash AS live, b.hash AS built"
        f" FROM ({hashed} {live}{among}) l FULL JOIN ({hashed} {built.name}{among}) b USING ({key}))"
    )
    cursor.execute(
        f"{both} SELECT count(*) AS keys, count(*) FILTER (WHERE live = built) AS same,"
        " count(*) FILTER (WHERE live <> built) AS different, count(*) FILTER (WHERE built IS NULL) AS only_live,"
        " count(*) FILTER (WHERE live IS NULL) AS only_built FROM compared".encode(),
        arrays * 2,
    )
    counts = cursor.fetchone()
    assert counts is not None, "a count gives a row"
    cursor.execute(
        f"{both} SELECT key FROM compared WHERE live IS DISTINCT FROM built ORDER BY key LIMIT {EXAMPLES}".encode(), arrays * 2
    )
    examples = [row["key"] for row in cursor]
    columns = _differing(cursor, live, built, common, among, arrays) if counts["different"] else {}
    return {**counts, "columns": columns, "examples": _told(cursor, live, built, common, examples)}


def _differing(
    cursor: Cursor[DictRow], live: str, built: Table[Any], common: Sequence[str], among: str, arrays: Sequence[Any]
) -> dict[str, int]:
    """For how many keys that are in both each column differs, where it does."""
    differs = "count(*) FILTER (WHERE l.{0}::text IS DISTINCT FROM b.{0}::text) AS {0}"
    counted = ", ".join(differs.format(name) for name in common if name not in built.view.key)
    cursor.execute(
        f"SELECT {counted} FROM (SELECT * FROM {live}{among}) l JOIN (SELECT * FROM {built.name}{among}) b"
        f" USING ({', '.join(built.view.key)})".encode(),
        [*arrays, *arrays],
    )
    counts = cursor.fetchone() or {}
    return {name: count for name, count in counts.items() if count}


def _told(cursor: Cursor[DictRow], live: str, built: Table[Any], common: Sequence[str], keys: Sequence[str]) -> list[DictRow]:
    key = ", ".join(built.view.key)
    rows = f"SELECT {key}, to_jsonb(t) AS row FROM (SELECT {', '.join(common)} FROM {{}}) t WHERE ({key})::text = ANY(%s)"
    cursor.execute(
        f"SELECT trim('()' FROM ({key})::text) AS key, CASE WHEN b.row IS NULL THEN 'live' WHEN l.row IS NULL THEN 'built'"
        " ELSE 'both' END AS found_in, array(SELECT c FROM jsonb_object_keys(coalesce(l.row, b.row)) c"
        " WHERE l.row IS NOT NULL AND b.row IS NOT NULL AND l.row -> c IS DISTINCT FROM b.row -> c ORDER BY c) AS columns"
        f" FROM ({rows.format(live)}) l FULL JOIN ({rows.format(built.name)}) b USING ({key}) ORDER BY key".encode(),
        (list(keys), list(keys)),
    )
    return cursor.fetchall()


def _columns(cursor: Cursor[DictRow], table: str) -> set[str]:
    cursor.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped", (table,)
    )
    return {row["attname"] for row in cursor}
