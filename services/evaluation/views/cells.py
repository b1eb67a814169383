"""Sheets that wait for enough others of their team, sealed with it; and which surveys have any answers among the events.

A survey's sheets are all written anew with every change, in random order, so that their rows share one version.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from psycopg import Cursor
from psycopg.rows import DictRow

from services.evaluation.domain import Survey
from services.evaluation.views.surveys import surveys
from shared.store.event_store import Conflict, EventStore, Write

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS waiting_cells (id uuid PRIMARY KEY, survey uuid NOT NULL, sheet bytea NOT NULL)",
    "CREATE INDEX IF NOT EXISTS waiting_cells_survey ON waiting_cells (survey)",
    "CREATE TABLE IF NOT EXISTS mixed (survey uuid PRIMARY KEY)",
)
LATEST_ANSWERS = timedelta(minutes=1)
"""An answer taken at the last moment may be stored after it."""


def waiting_for(store: EventStore, survey: UUID) -> list[DictRow]:
    with store.transaction() as cursor:
        cursor.execute("SELECT id, sheet FROM waiting_cells WHERE survey = %s", (survey,))
        return cursor.fetchall()


def surveys_waiting(store: EventStore, but: Sequence[UUID]) -> list[Survey]:
    """Surveys with enough sheets that wait for their cells, those in `but` left out."""
    with store.transaction() as cursor:
        cursor.execute(
            "SELECT survey FROM waiting_cells WHERE survey <> ALL(%s) GROUP BY survey HAVING count(*) >="
            " (SELECT min_scores FROM surveys WHERE id = survey)",
            (list(but),),
        )
        ids = [row["survey"] for row in cursor]
    return list(surveys(store, ids).values())


def put_waiting(survey: UUID, instead_of: Sequence[UUID], sheets: Sequence[bytes]) -> Write:
    """Raises Conflict where another mixer took some of the former first."""
    values = (survey, [uuid4() for _ in sheets], list(sheets))

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("DELETE FROM waiting_cells WHERE id = ANY(%s) RETURNING 1", (list(instead_of),))
        if len(cursor.fetchall()) != len(instead_of):
            raise Conflict("told already")
        cursor.execute(
            "INSERT INTO waiting_cells (survey, id, sheet) SELECT %s, * FROM unnest(%s::uuid[], %s::bytea[])", values
        )

    return write


def put_mixed(surveys: Sequence[UUID]) -> Write:
    """From now on these surveys' answers need not wait until they are as many as the floor."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("INSERT INTO mixed SELECT unnest(%s::uuid[]) ON CONFLICT DO NOTHING", (list(surveys),))

    return write


def forget(store: EventStore, at: datetime) -> None:
    """Of surveys that are over: the sheets that never were enough for their cell, and the answers that never were enough to
    be shown at all."""
    with store.transaction() as cursor:
        cursor.execute(
            "WITH over AS (SELECT id, min_scores FROM surveys WHERE closed OR closes <= %s),"
            " cells AS (DELETE FROM waiting_cells WHERE survey IN (SELECT id FROM over))"
            " DELETE FROM waiting_answers w USING over WHERE over.id = w.survey"
            " AND NOT EXISTS (SELECT FROM mixed WHERE survey = w.survey)"
            " AND over.min_scores > (SELECT count(*) FROM waiting_answers o WHERE o.survey = w.survey)",
            (at - LATEST_ANSWERS,),
        )
