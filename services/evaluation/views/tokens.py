"""Blind tokens: one table of who drew, one of hashes, and nothing from which the two could be joined.

`drawn` has one row for a survey, its members in the order of their ids: no time, no order, no row version of one's own.
`token_hashes` is filled in batches that nobody has drawn from yet, and each filling writes a survey's whole set anew, in
random order, so that its rows share one version. Drawing a token changes nothing in it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.store.event_store import Conflict, EventStore, Write

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS drawn (survey uuid PRIMARY KEY, members uuid[] NOT NULL)",
    "CREATE TABLE IF NOT EXISTS token_hashes (hash bytea PRIMARY KEY, survey uuid NOT NULL, team bytea NOT NULL)",
    "CREATE INDEX IF NOT EXISTS token_hashes_survey ON token_hashes (survey)",
    "CREATE TABLE IF NOT EXISTS kept_draws (key bytea PRIMARY KEY, fingerprint bytea NOT NULL, token bytea NOT NULL,"
    " kept_since timestamptz NOT NULL)",
)
KEPT = timedelta(hours=25)
"""24 hours and the one by which `kept_since` is coarse."""


def put_nobody_drew(survey: UUID) -> Write:
    return lambda cursor: _execute(cursor, "INSERT INTO drawn VALUES (%s, '{}')", (survey,))


def put_drawn(survey: UUID, members: Collection[UUID]) -> Write:
    """Raises Conflict where one of the members has drawn already. Reads `members` when it is called, not before."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "UPDATE drawn SET members = ARRAY(SELECT every FROM unnest(members || %(new)s::uuid[]) AS every ORDER BY every)"
            " WHERE survey = %(survey)s AND NOT members && %(new)s::uuid[] RETURNING 1",
            {"survey": survey, "new": list(members)},
        )
        if cursor.fetchone() is None:
            raise Conflict("drawn already")

    return write


def have_drawn(store: EventStore, survey: UUID, members: Collection[UUID]) -> frozenset[UUID]:
    """Those of the members who drew a token of the survey."""
    with store.transaction() as cursor:
        cursor.execute(
            "SELECT unnest(members) AS member FROM drawn WHERE survey = %s INTERSECT SELECT unnest(%s::uuid[])",
            (survey, list(members)),
        )
        return frozenset(row["member"] for row in cursor)


def surveys_drawn_by(store: EventStore, member: UUID) -> list[UUID]:
    with store.transaction() as cursor:
        cursor.execute("SELECT survey FROM drawn WHERE members @> ARRAY[%s]::uuid[] ORDER BY survey", (member,))
        return [row["survey"] for row in cursor]


def add_hashes(store: EventStore, survey: UUID, teams: Mapping[bytes, bytes]) -> None:
    """Adds tokens nobody has drawn yet, each hash with its sealed team, and writes the survey's whole set anew with them, in
    random order."""
    with store.transaction() as cursor:
        cursor.execute(
            "WITH old AS (DELETE FROM token_hashes WHERE survey = %(survey)s RETURNING hash, survey, team)"
            " INSERT INTO token_hashes SELECT * FROM (SELECT * FROM old"
            " UNION ALL SELECT hash, %(survey)s, team"
            " FROM unnest(%(hashes)s::bytea[], %(teams)s::bytea[]) AS new (hash, team)) AS every ORDER BY random()",
            {"survey": survey, "hashes": list(teams), "teams": list(teams.values())},
        )


def unused(store: EventStore, hashes: Sequence[bytes]) -> dict[bytes, tuple[UUID, bytes]]:
    """The survey and the sealed team of each token that can still be used."""
    with store.transaction() as cursor:
        cursor.execute("SELECT hash, survey, team FROM token_hashes WHERE hash = ANY(%s)", (list(hashes),))
        return {bytes(row["hash"]): (row["survey"], bytes(row["team"])) for row in cursor}


def use(token_hash: bytes) -> Write:
    """Raises Conflict where somebody else used it first."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("DELETE FROM token_hashes WHERE hash = %s RETURNING 1", (token_hash,))
        if cursor.fetchone() is None:
            raise Conflict("used already")

    return write


def kept_draws(store: EventStore, keys: Sequence[bytes]) -> dict[bytes, tuple[bytes, bytes]]:
    """For each key a draw was asked for with: its request's fingerprint and the sealed token it was answered with."""
    with store.transaction() as cursor:
        cursor.execute("SELECT key, fingerprint, token FROM kept_draws WHERE key = ANY(%s)", (list(keys),))
        return {bytes(row["key"]): (bytes(row["fingerprint"]), bytes(row["token"])) for row in cursor}


def keep_draw(key: bytes, fingerprint: bytes, token: bytes, hour: datetime) -> Write:
    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("INSERT INTO kept_draws VALUES (%s, %s, %s, %s)", (key, fingerprint, token, hour))

    return write


def forget_old_draws(store: EventStore, hour: datetime) -> None:
    with store.transaction() as cursor:
        cursor.execute("DELETE FROM kept_draws WHERE kept_since < %s", (hour - KEPT,))


def _execute(cursor: Cursor[DictRow], statement: str, values: tuple[object, ...]) -> None:
    cursor.execute(statement.encode(), values)
