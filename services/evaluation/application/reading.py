"""The reads: surveys, results and comments, each behind its floor."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from services.evaluation.application.sealing import Seals
from services.evaluation.domain import Instrument, Survey, results
from services.evaluation.views import surveys, tallies, tokens, waiting
from shared.errors import forbidden, unknown
from shared.store import erasures
from shared.store.event_store import EventStore


class Readings:
    def __init__(self, store: EventStore, instruments: Mapping[str, Instrument], seals: Seals) -> None:
        self._store = store
        self.instruments = instruments
        self._seals = seals

    def survey(self, survey: UUID) -> Survey:
        """Raises a 404 Problem."""
        found = surveys.surveys(self._store, [survey]).get(survey)
        if found is None:
            raise unknown("survey")
        return found

    def page(self, limit: int, before: tuple[datetime, UUID] | None) -> list[dict[str, Any]]:
        return [asdict(survey) for survey in surveys.survey_page(self._store, limit, before)]

    def require_audience(self, survey: Survey, member: UUID | None) -> None:
        """Raises a 403 Problem for whom the survey didn't ask."""
        team = surveys.teams_of(self._store, [member]).get(member) if member else None
        if team is None or not survey.asks(team):
            raise forbidden("Results are for those who were asked, and for those who evaluate.")

    def results(self, survey: Survey, by_team: bool) -> list[dict[str, Any]]:
        """One item for everybody, or one for each team of the audience. Where that is one team, its cell is the total."""
        instrument = self.instruments[survey.instrument]
        total, cells = tallies.tallies_of(self._store, survey.id)
        if not by_team:
            return [results.overall(instrument, total, survey.min_scores)]
        teams = survey.teams or tuple(surveys.team_sizes(self._store))
        return results.by_team(instrument, total, cells if survey.has_cells else {teams[0]: total}, teams, survey.min_scores)

    def held(self, member: UUID) -> dict[str, Any]:
        """Everything that evaluation holds about a member: their team, and in which surveys they drew a token. What they
        answered is nobody's, so it can't be found. Raises a 404 Problem for who was erased."""
        if erasures.find(self._store, member):
            raise unknown("member")
        team = surveys.teams_of(self._store, [member]).get(member)
        return {"team": team, "drew_a_token_in": tokens.surveys_drawn_by(self._store, member)}

    def comments(self, survey: Survey, limit: int, after: UUID | None) -> list[dict[str, Any]] | None:
        """In no order that tells anything; None while fewer than `min_comments` people have commented."""
        if waiting.count_comments(self._store, survey.id) < survey.min_comments:
            return None
        rows = waiting.comments(self._store, survey.id, limit, after)
        return [{"id": row["id"], "text": self._seals.comment(survey.id, row["id"], bytes(row["text"]))} for row in rows]
