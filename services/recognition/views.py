"""What recognition reads from.

`kudos` and `board_choices` are written with the events they follow, so that who opts out is gone at once, whatever Kafka
does. `members` and `kudos_per_day` are folded by the stream; counting by day lets every window be a sum.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from services.recognition.domain import BoardChoice, BoardOptedIn, BoardOptedOut, Days, KudosGiven, day_of
from shared.events import PublicEvent, checkins, recognition
from shared.store.event_store import EventStore, Write

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS members (member uuid PRIMARY KEY, team text NOT NULL)",
    "CREATE TABLE IF NOT EXISTS erased_members (member uuid PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS board_choices (member uuid PRIMARY KEY REFERENCES members ON DELETE CASCADE,"
    " opted_in boolean NOT NULL, version integer NOT NULL)",
    "CREATE TABLE IF NOT EXISTS kudos (id uuid PRIMARY KEY, giver uuid NOT NULL REFERENCES members ON DELETE CASCADE,"
    " receivers uuid[] NOT NULL, category text NOT NULL, points smallint NOT NULL, given_at timestamptz NOT NULL,"
    " message bytea)",
    "CREATE INDEX IF NOT EXISTS kudos_giver ON kudos (giver, given_at DESC, id DESC)",
    "CREATE INDEX IF NOT EXISTS kudos_receivers ON kudos USING gin (receivers)",
    "CREATE INDEX IF NOT EXISTS kudos_given_at ON kudos (given_at DESC, id DESC)",
    "CREATE TABLE IF NOT EXISTS kudos_per_day (giver uuid, day date, given bigint NOT NULL, PRIMARY KEY (giver, day))",
    "CREATE INDEX IF NOT EXISTS kudos_per_day_day ON kudos_per_day (day)",
)
"""The references to members make an erasure and a command about the same member wait for each other: what is written for
a member who has just been erased fails, is decided again, and is then told that there is no such member."""

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
        cursor.execute("SELECT member FROM members WHERE member = ANY(%s)", (list(members),))
        return frozenset(row["member"] for row in cursor)


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


def count_per_day(events: Sequence[PublicEvent]) -> Counter[tuple[UUID, date]]:
    """How many kudos each giver gave on each day, by the time they were meant."""
    return Counter((event.giver, day_of(event.occurred_at)) for event in events if isinstance(event, recognition.KudosGiven))


def teams_of(events: Sequence[PublicEvent]) -> dict[UUID, str | None]:
    """Where the members that are heard of belong after these events; None for the erased."""
    teams: dict[UUID, str | None] = {}
    for event in events:
        if isinstance(event, checkins.MemberEnrolled | checkins.MemberMoved):
            teams[event.member] = event.team
        elif isinstance(event, checkins.MemberErased):
            teams[event.member] = None
    return teams


def add_counts(counts: Counter[tuple[UUID, date]]) -> Write:
    givers, days = [giver for giver, _ in counts], [day for _, day in counts]

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "INSERT INTO kudos_per_day SELECT * FROM unnest(%s::uuid[], %s::date[], %s::bigint[]) AS new (giver, day, given)"
            " WHERE giver NOT IN (SELECT member FROM erased_members)"
            " ON CONFLICT (giver, day) DO UPDATE SET given = kudos_per_day.given + excluded.given",
            (givers, days, list(counts.values())),
        )

    return write


def put_members(teams: dict[UUID, str]) -> Write:
    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "INSERT INTO members SELECT * FROM unnest(%s::uuid[], %s::text[])"
            " ON CONFLICT (member) DO UPDATE SET team = excluded.team",
            (list(teams), list(teams.values())),
        )

    return write


def drop_members(members: Sequence[UUID]) -> Write:
    """Forgets members with what they gave, and takes them out of what they were given."""
    gone = list(members)

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("INSERT INTO erased_members SELECT unnest(%s::uuid[]) ON CONFLICT DO NOTHING", (gone,))
        cursor.execute("DELETE FROM members WHERE member = ANY(%s)", (gone,))
        cursor.execute("DELETE FROM kudos_per_day WHERE giver = ANY(%s)", (gone,))
        cursor.execute("DELETE FROM kudos WHERE receivers <@ %s::uuid[]", (gone,))
        cursor.execute(
            "UPDATE kudos SET receivers = (SELECT array_agg(kept) FROM unnest(receivers) AS kept WHERE kept <> ALL(%s::uuid[]))"
            " WHERE receivers && %s::uuid[]",
            (gone, gone),
        )

    return write
