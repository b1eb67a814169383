"""What recognition reads from.

`kudos` and `board_choices` are written with the events they follow, so that who opts out is gone at once, whatever Kafka
does. `members` and `kudos_per_day` are folded by the stream; counting by day lets every window be a sum.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from services.recognition.domain import BoardChoice, BoardOptedIn, BoardOptedOut, Days, KudosGiven, day_of
from shared.events import PublicEvent, checkins, recognition
from shared.projection.view import View
from shared.store.erasures import Erased
from shared.store.event_store import EventStore, Write

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS board_choices (member uuid PRIMARY KEY, opted_in boolean NOT NULL, version integer NOT NULL)",
    "CREATE TABLE IF NOT EXISTS kudos (id uuid PRIMARY KEY, giver uuid NOT NULL,"
    " receivers uuid[] NOT NULL, category text NOT NULL, points smallint NOT NULL, given_at timestamptz NOT NULL,"
    " message bytea)",
    "CREATE INDEX IF NOT EXISTS kudos_giver ON kudos (giver, given_at DESC, id DESC)",
    "CREATE INDEX IF NOT EXISTS kudos_receivers ON kudos USING gin (receivers)",
    "CREATE INDEX IF NOT EXISTS kudos_given_at ON kudos (given_at DESC, id DESC)",
)

BOARD = (
    "WITH counted AS (SELECT giver AS member, sum(given)::bigint AS given FROM kudos_per_day"
    " JOIN board_choices ON board_choices.member = giver AND opted_in JOIN members ON members.member = giver"
    " WHERE day >= coalesce(%(first)s, '-infinity'::date) AND day <= coalesce(%(last)s, 'infinity'::date)"
    " AND team = coalesce(%(team)s, team) GROUP BY giver),"
    " ranked AS (SELECT rank() OVER (ORDER BY given DESC)::integer AS rank, member, given FROM counted)"
    " SELECT * FROM ranked WHERE %(given)s::bigint IS NULL OR (-given, member) > (-%(given)s::bigint, %(member)s::uuid)"
    " ORDER BY given DESC, member LIMIT %(limit)s"
)


def known_members(store: EventStore, members: Sequence[UUID]) -> frozenset[UUID]:
    with store.transaction() as cursor:
        cursor.execute(
            "SELECT member FROM members m WHERE member = ANY(%s)"
            " AND NOT EXISTS (SELECT FROM erasures e WHERE e.member = m.member)",
            (list(members),),
        )
        return frozenset(row["member"] for row in cursor)


def team_of(store: EventStore, member: UUID) -> str | None:
    with store.statement() as cursor:
        cursor.execute("SELECT team FROM members WHERE member = %s", (member,))
        row = cursor.fetchone()
        return row["team"] if row else None


def choices(store: EventStore, members: Sequence[UUID]) -> dict[UUID, BoardChoice]:
    with store.transaction() as cursor:
        cursor.execute("SELECT member, opted_in, version FROM board_choices WHERE member = ANY(%s)", (list(members),))
        return {row["member"]: BoardChoice(**row) for row in cursor}


def put_choice(event: BoardOptedIn | BoardOptedOut) -> Write:
    values = (event.member, isinstance(event, BoardOptedIn), event.originator_version)

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "INSERT INTO board_choices VALUES (%s, %s, %s)"
            " ON CONFLICT (member) DO UPDATE SET opted_in = excluded.opted_in, version = excluded.version",
            values,
        )

    return write


def put_kudos(event: KudosGiven) -> Write:
    values = (
        event.originator_id,
        event.giver,
        list(event.receivers),
        event.category,
        event.points,
        event.given_at,
        event.message,
    )

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("INSERT INTO kudos VALUES (%s, %s, %s, %s, %s, %s, %s)", values)

    return write


def kudos(store: EventStore, member: UUID | None, limit: int, before: tuple[datetime, UUID] | None) -> list[DictRow]:
    """A member's, given or received, or everybody's, newest first; one more than `limit` where there are more."""
    theirs = "(giver = %(member)s OR receivers @> ARRAY[%(member)s]::uuid[])" if member else "true"
    older = "(given_at, id) < (%(at)s, %(id)s)" if before else "true"
    at, last = before or (None, None)
    with store.transaction() as cursor:
        cursor.execute(
            f"SELECT * FROM kudos WHERE {theirs} AND {older} ORDER BY given_at DESC, id DESC LIMIT %(limit)s".encode(),  # noqa: S608
            {"member": member, "at": at, "id": last, "limit": limit + 1},
        )
        return cursor.fetchall()


def board(store: EventStore, days: Days, team: str | None, limit: int, after: tuple[int, UUID] | None) -> list[dict[str, Any]]:
    """Ranks by kudos given, of those who opted in; equal numbers share a rank, and the next rank counts them all."""
    given, member = after or (None, None)
    values = {"first": days.first, "last": days.last, "team": team, "given": given, "member": member, "limit": limit + 1}
    with store.transaction() as cursor:
        cursor.execute(BOARD, values)
        return cursor.fetchall()


def fold_member(team: str | None, event: PublicEvent) -> tuple[str | None, Sequence[Erased]]:
    """The team in which a member is; None for nobody who is here. Who was erased is forgotten with all that they gave and
    were given."""
    match event:
        case checkins.MemberEnrolled() | checkins.MemberMoved():
            return event.team, ()
        case checkins.MemberErased():
            return None, (Erased(event.member, event.occurred_at),)
    return team, ()


def fold_day(given: int | None, event: PublicEvent) -> tuple[int, Sequence[Erased]]:
    """How many kudos a giver gave on a day, by the time they were meant."""
    return (given or 0) + 1, ()


MEMBERS = View(
    name="members",
    version=1,
    topic="checkins.events",
    key={"member": "uuid"},
    columns={"team": "text"},
    key_of=lambda event: (event.member,) if isinstance(event, checkins.MemberEvent) else None,
    fold=fold_member,
    to_row=lambda team: (team,),
    from_row=lambda member, team: str(team),
    subject="member",
)
KUDOS_PER_DAY = View(
    name="kudos_per_day",
    version=1,
    topic="recognition.events",
    key={"giver": "uuid", "day": "date"},
    columns={"given": "bigint"},
    key_of=lambda event: (event.giver, day_of(event.occurred_at)) if isinstance(event, recognition.KudosGiven) else None,
    fold=fold_day,
    to_row=lambda given: (given,),
    from_row=lambda giver, day, given: int(given),
    indexes=("day",),
    subject="giver",
    unless="EXISTS (SELECT FROM erasures WHERE member = new.giver)",
)
"""An erasure comes by another topic, before or after the kudos: whichever is first, none of the erased are counted."""


def drop_members(members: Sequence[UUID]) -> Write:
    """Forgets what members gave and chose, and takes them out of what they were given."""
    gone = list(members)

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("DELETE FROM board_choices WHERE member = ANY(%s)", (gone,))
        cursor.execute("DELETE FROM kudos WHERE giver = ANY(%s) OR receivers <@ %s::uuid[]", (gone, gone))
        cursor.execute(
            "UPDATE kudos SET receivers = (SELECT array_agg(kept) FROM unnest(receivers) AS kept WHERE kept <> ALL(%s::uuid[]))"
            " WHERE receivers && %s::uuid[]",
            (gone, gone),
        )

    return write
