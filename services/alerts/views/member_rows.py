"""The view of members, as rows."""

from collections.abc import Collection, Sequence
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from services.alerts.domain.members import Member
from shared.store.event_store import Write

_LOAD = "SELECT * FROM members WHERE member = ANY(%s)"

_LOAD_CHAINS = """
WITH RECURSIVE up AS (
    SELECT * FROM members WHERE member = ANY(%s)
    UNION
    SELECT above.* FROM members above JOIN up ON above.member = up.manager
)
SELECT * FROM up
"""
_PUT = """
INSERT INTO members (member, known, erased, manager, languages, analytics, contact, last_alert_at)
SELECT * FROM unnest(%s::uuid[], %s::boolean[], %s::boolean[], %s::uuid[], %s::text[], %s::boolean[], %s::boolean[],
                     %s::timestamptz[])
ON CONFLICT (member) DO UPDATE SET known = excluded.known, erased = excluded.erased, manager = excluded.manager,
    languages = excluded.languages, analytics = excluded.analytics, contact = excluded.contact,
    last_alert_at = excluded.last_alert_at
"""


def load(cursor: Cursor[DictRow], members: Collection[UUID]) -> dict[UUID, Member]:
    """The members asked for; one that no event was read of yet is there too, as not known."""
    cursor.execute(_LOAD, (list(members),))
    return {member: Member(member) for member in members} | {row["member"]: _member(row) for row in cursor}


def load_chains(cursor: Cursor[DictRow], members: Collection[UUID]) -> dict[UUID, Member]:
    """These members and everybody above them, as far as they are known."""
    cursor.execute(_LOAD_CHAINS, (list(members),))
    return {row["member"]: _member(row) for row in cursor}


def put(members: Sequence[Member]) -> Write:
    """The rows of these members as they are now."""
    columns = (
        [member.id for member in members],
        [member.known for member in members],
        [member.erased for member in members],
        [member.manager for member in members],
        [" ".join(member.languages) for member in members],
        [member.analytics for member in members],
        [member.contact for member in members],
        [member.last_alert_at for member in members],
    )

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(_PUT, columns)

    return write


def _member(row: DictRow) -> Member:
    return Member(
        row["member"],
        row["known"],
        row["erased"],
        row["manager"],
        tuple(row["languages"].split()),
        row["analytics"],
        row["contact"],
        row["last_alert_at"],
    )
