"""Which members there are, and who manages whom; folded by the stream."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.events import PublicEvent, checkins
from shared.projection.view import View
from shared.store.erasures import Erased


@dataclass(frozen=True)
class Arrived:
    """The member is here from now on, and gets a key: before they ask for anything, so that its making tells nothing."""

    member: UUID


Effect = Arrived | Erased
"""Of who was erased the key goes, and with it the way to their pseudonyms."""


@dataclass(frozen=True)
class Member:
    manager: UUID | None = None


def fold_member(member: Member | None, event: PublicEvent) -> tuple[Member | None, Sequence[Effect]]:
    match event:
        case checkins.MemberEnrolled():
            return Member(event.manager), (Arrived(event.member),)
        case checkins.MemberMoved() if member:
            return Member(event.manager), ()
        case checkins.MemberErased():
            return None, (Erased(event.member, event.occurred_at),)
    return member, ()


MEMBERS = View(
    name="members",
    version=1,
    topic="checkins.events",
    key={"member": "uuid"},
    columns={"manager": "uuid"},
    key_of=lambda event: (event.member,) if isinstance(event, checkins.MemberEvent) else None,
    fold=fold_member,
    to_row=lambda member: (member.manager,),
    from_row=lambda member, manager: Member(manager),
    indexes=("manager",),
    subject="member",
)

_LINE = """
WITH RECURSIVE up AS (
    SELECT member, manager FROM members WHERE member = %(member)s
    UNION SELECT above.member, above.manager FROM members above JOIN up ON above.member = up.manager
), down AS (
    SELECT member FROM members WHERE member = %(member)s
    UNION SELECT below.member FROM members below JOIN down ON below.manager = down.member
)
SELECT member FROM up UNION SELECT manager FROM up WHERE manager IS NOT NULL UNION SELECT member FROM down
"""


def is_here(cursor: Cursor[DictRow], member: UUID) -> bool:
    cursor.execute(
        "SELECT FROM members m WHERE member = %s AND NOT EXISTS (SELECT FROM erasures e WHERE e.member = m.member)", (member,)
    )
    return cursor.fetchone() is not None


def manager_of(cursor: Cursor[DictRow], member: UUID) -> UUID | None:
    cursor.execute("SELECT manager FROM members WHERE member = %s", (member,))
    row = cursor.fetchone()
    return row["manager"] if row else None


def management_line(cursor: Cursor[DictRow], member: UUID) -> frozenset[UUID]:
    """The member, everybody above and everybody below them, as far as they are known."""
    cursor.execute(_LINE, {"member": member})
    return frozenset(row["member"] for row in cursor)


def absent(cursor: Cursor[DictRow], members: Collection[UUID]) -> list[UUID]:
    """Those of these members who have no key yet, and weren't erased."""
    cursor.execute(
        "SELECT one AS member FROM unnest(%s::uuid[]) AS one WHERE NOT EXISTS (SELECT FROM member_keys k WHERE k.member = one)"
        " AND NOT EXISTS (SELECT FROM erasures e WHERE e.member = one)",
        (list(members),),
    )
    return [row["member"] for row in cursor]
