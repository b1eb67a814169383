"""Surveys as they are now, written with their events; and which members there are, folded by the stream."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from services.evaluation.domain import Survey
from shared.events import PublicEvent, checkins
from shared.projection.view import View
from shared.store.erasures import Erased
from shared.store.event_store import EventStore, Write

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS surveys (id uuid PRIMARY KEY, instrument text NOT NULL, teams text[] NOT NULL,"
    " opens timestamptz NOT NULL, closes timestamptz NOT NULL, min_scores integer NOT NULL, min_comments integer NOT NULL,"
    " closed boolean NOT NULL DEFAULT false)",
    "CREATE INDEX IF NOT EXISTS surveys_opens ON surveys (opens DESC, id DESC)",
)


def surveys(store: EventStore, ids: Sequence[UUID]) -> dict[UUID, Survey]:
    with store.transaction() as cursor:
        cursor.execute("SELECT * FROM surveys WHERE id = ANY(%s)", (list(ids),))
        return {row["id"]: _survey(row) for row in cursor}


def survey_page(store: EventStore, limit: int, before: tuple[datetime, UUID] | None) -> list[Survey]:
    """The latest to open first; one more than `limit` where there are more."""
    at, last = before or (None, None)
    with store.transaction() as cursor:
        cursor.execute(
            "SELECT * FROM surveys WHERE %s::uuid IS NULL OR (opens, id) < (%s, %s) ORDER BY opens DESC, id DESC LIMIT %s",
            (last, at, last, limit + 1),
        )
        return [_survey(row) for row in cursor]


def _survey(row: DictRow) -> Survey:
    return Survey(**{**row, "teams": tuple(row["teams"])})


def put_survey(survey: Survey) -> Write:
    values = (survey.id, survey.instrument, list(survey.teams), survey.opens, survey.closes)
    floors = (survey.min_scores, survey.min_comments, survey.closed)

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "INSERT INTO surveys VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET closed = excluded.closed",
            (*values, *floors),
        )

    return write


def teams_of(store: EventStore, members: Sequence[UUID]) -> dict[UUID, str]:
    with store.transaction() as cursor:
        cursor.execute(
            "SELECT member, team FROM members m WHERE member = ANY(%s)"
            " AND NOT EXISTS (SELECT FROM erasures e WHERE e.member = m.member)",
            (list(members),),
        )
        return {row["member"]: row["team"] for row in cursor}


def team_sizes(store: EventStore) -> dict[str, int]:
    """How many members each team has."""
    with store.transaction() as cursor:
        cursor.execute("SELECT team, count(*) AS members FROM members GROUP BY team")
        return {row["team"]: row["members"] for row in cursor}


def fold_member(team: str | None, event: PublicEvent) -> tuple[str | None, Sequence[Erased]]:
    """The team in which a member is; None for nobody who is here. Of who was erased nothing says any more that they drew
    tokens."""
    match event:
        case checkins.MemberEnrolled() | checkins.MemberMoved():
            return event.team, ()
        case checkins.MemberErased():
            return None, (Erased(event.member, event.occurred_at),)
    return team, ()


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
    indexes=("team",),
    subject="member",
)


def forget_draws(members: Sequence[UUID]) -> Write:
    """Forgets that these members drew tokens. What they answered can't be found, so it stays."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "UPDATE drawn SET members = ARRAY(SELECT kept FROM unnest(members) AS kept WHERE kept <> ALL(%s) ORDER BY kept)"
            " WHERE members && %s",
            (list(members), list(members)),
        )

    return write
