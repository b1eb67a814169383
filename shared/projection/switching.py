"""The live generation of a view is exchanged for another, at one position, between two batches of the live reader."""

from typing import Any

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.projection.generations import show
from shared.projection.tables import Table

LOCK_MILLISECONDS = 500
"""For the moment in which the view's name is exchanged: readers wait behind us, so we would rather try again."""

LETS_GO_AFTER_SECONDS = 5
"""Whoever holds the live reader and is frozen meanwhile holds it no longer: the server ends what idles in a transaction."""


class NotTheSame(RuntimeError):
    """The new generation has parked what the live reader has folded: it isn't taken."""


def hold(cursor: Cursor[DictRow], reader: str, topic: str) -> dict[int, int]:
    """The live reader's next offsets, which stay so until this transaction ends; its commits wait meanwhile."""
    cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{LETS_GO_AFTER_SECONDS}s'".encode())
    cursor.execute(
        "SELECT partition, next_offset FROM reader_positions WHERE reader = %s AND topic = %s ORDER BY partition FOR UPDATE",
        (reader, topic),
    )
    return {row["partition"]: row["next_offset"] for row in cursor}


def switch(cursor: Cursor[DictRow], reader: str, built: Table[Any]) -> None:
    """Makes a generation that has got to the held position the live one; nothing is done where somebody else did that
    already. Raises NotTheSame.

    The former keeps its position, so that it can be caught up and made the live one again; those before it are dropped.
    """
    cursor.execute("SELECT live, version, previous FROM view_generations WHERE view = %s FOR UPDATE", (built.view.name,))
    row = cursor.fetchone()
    assert row is not None, "the view is prepared"
    if row["live"] == built.generation:
        return
    _require_no_more_parked(cursor, reader, builder_of(reader, built))
    built.sweep(cursor)
    former = Table(built.view, row["live"])
    _forget(cursor, builder_of(reader, built))
    _keep_position(cursor, reader, former)
    if row["previous"] not in (None, built.generation):
        Table(built.view, row["previous"]).drop(cursor)
        _forget(cursor, builder_of(reader, Table(built.view, row["previous"])))
    cursor.execute(
        "UPDATE view_generations SET live = %s, version = %s, previous = %s, previous_version = %s WHERE view = %s",
        (built.generation, built.view.version, former.generation, row["version"], built.view.name),
    )
    cursor.execute("UPDATE reader_positions SET switches = switches + 1 WHERE reader = %s", (reader,))
    cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_MILLISECONDS}ms'".encode())
    show(cursor, built.view.name, built.name)


def give_up(cursor: Cursor[DictRow], reader: str, built: Table[Any]) -> None:
    """Leaves nothing of a generation that isn't to become live. Whoever is just forgetting somebody in it is waited for."""
    cursor.execute("SELECT FROM view_generations WHERE view = %s FOR UPDATE", (built.view.name,))
    built.drop(cursor)
    _forget(cursor, builder_of(reader, built))


def give_up_unless_switched(cursor: Cursor[DictRow], reader: str, built: Table[Any]) -> None:
    """Whoever is just switching to it is waited for."""
    cursor.execute("SELECT live, previous FROM view_generations WHERE view = %s FOR UPDATE", (built.view.name,))
    row = cursor.fetchone()
    if row and built.generation not in row.values():
        give_up(cursor, reader, built)


def builder_of(reader: str, table: Table[Any]) -> str:
    """The name under which a generation that isn't live has its position."""
    return f"{reader}/{table.name}"


def _forget(cursor: Cursor[DictRow], builder: str) -> None:
    cursor.execute("DELETE FROM reader_positions WHERE reader = %s", (builder,))
    cursor.execute("DELETE FROM parked WHERE reader = %s", (builder,))


def _keep_position(cursor: Cursor[DictRow], reader: str, former: Table[Any]) -> None:
    """The former generation stands where the live reader is held, with the same subjects parked."""
    values = (builder_of(reader, former), reader, former.view.topic)
    cursor.execute(
        "INSERT INTO reader_positions (reader, topic, partition, next_offset, sequence, epoch, recent, anchor)"
        " SELECT %s, topic, partition, next_offset, sequence, 0, recent, anchor FROM reader_positions"
        " WHERE reader = %s AND topic = %s",
        values,
    )
    cursor.execute(
        "INSERT INTO parked (reader, topic, partition, record_offset, sequence, event_id, type, subject, value, error,"
        " fingerprint, attempts, parked_at, retry_at) SELECT %s, topic, partition, record_offset, sequence, event_id, type,"
        " subject, value, error, fingerprint, attempts, parked_at, retry_at FROM parked"
        " WHERE reader = %s AND topic = %s AND dropped_at IS NULL ORDER BY id",
        values,
    )


def _require_no_more_parked(cursor: Cursor[DictRow], reader: str, builder: str) -> None:
    cursor.execute(
        "SELECT count(*) AS more FROM parked b WHERE reader = %s AND dropped_at IS NULL AND NOT EXISTS (SELECT FROM parked l"
        " WHERE l.reader = %s AND l.topic = b.topic AND l.partition = b.partition AND l.known_as = b.known_as"
        " AND l.dropped_at IS NULL)",
        (builder, reader),
    )
    row = cursor.fetchone()
    if row and row["more"]:
        raise NotTheSame(f"{row['more']} events are parked that the live view has folded")
