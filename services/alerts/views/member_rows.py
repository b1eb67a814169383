"""The view of members, as rows."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from msgspec.msgpack import Decoder, Encoder
from psycopg import Cursor
from psycopg.rows import DictRow

from services.alerts.domain.detection.history import History
from services.alerts.domain.members import Member, Report
from shared.store import erasures

_LOAD = "SELECT * FROM members WHERE member = ANY(%s)"

BLANKED = {
    "languages": "''",
    "analytics": "false",
    "contact": "false",
    "last_alert_at": "NULL",
    "timezone": "'UTC'",
    "history": "NULL",
    "reports": "NULL",
}
"""What is said no more of who was erased. Their line to a manager stays, and a generation that was built before has yet to
come to their last events."""

_LOAD_CHAINS = """
WITH RECURSIVE known AS NOT MATERIALIZED (
    SELECT member, known, erased, manager, languages, analytics, contact, last_alert_at, timezone FROM members
), up AS (
    SELECT * FROM known WHERE member = ANY(%s)
    UNION
    SELECT above.* FROM known above JOIN up ON above.member = up.manager
)
SELECT up.*, NULL::bytea AS history, NULL::bytea AS reports FROM up
"""


def load(cursor: Cursor[DictRow], members: Collection[UUID]) -> dict[UUID, Member]:
    """The members asked for; one that no event was read of yet is there too, as not known."""
    cursor.execute(_LOAD, (list(members),))
    return _without_the_gone(
        cursor, {member: Member(member) for member in members} | {row["member"]: member_of(**row) for row in cursor}
    )


def load_chains(cursor: Cursor[DictRow], members: Collection[UUID]) -> dict[UUID, Member]:
    """These members and everybody above them, as far as they are known; without what was seen of them, which decides nothing
    about who may be asked and is most of a row."""
    cursor.execute(_LOAD_CHAINS, (list(members),))
    return _without_the_gone(cursor, {row["member"]: member_of(**row) for row in cursor})


def _without_the_gone(cursor: Cursor[DictRow], members: dict[UUID, Member]) -> dict[UUID, Member]:
    """Where a backup was restored, the view has yet to come to what is known already."""
    return members | {gone: replace(members[gone], erased=True) for gone in erasures.among(cursor, members)}


def row_of(member: Member) -> tuple[object, ...]:
    """The columns beside the id."""
    return (
        member.known,
        member.erased,
        member.manager,
        " ".join(member.languages),
        member.analytics,
        member.contact,
        member.last_alert_at,
        member.timezone,
        _PACKED.encode(member.history) if member.history.days else None,
        _PACKED.encode(member.reports) if member.reports else None,
    )


def member_of(
    member: UUID,
    known: bool,
    erased: bool,
    manager: UUID | None,
    languages: str,
    analytics: bool,
    contact: bool,
    last_alert_at: datetime | None,
    timezone: str,
    history: bytes | None,
    reports: bytes | None,
) -> Member:
    return Member(
        member,
        known,
        erased,
        manager,
        tuple(languages.split()),
        analytics,
        contact,
        last_alert_at,
        timezone,
        _HISTORY.decode(history) if history else History(),
        _REPORTS.decode(reports) if reports else (),
    )


_PACKED = Encoder()
_HISTORY = Decoder(History)
_REPORTS = Decoder(tuple[Report, ...])
