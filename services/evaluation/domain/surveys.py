"""A survey: whom it asks, when, and from how many answers on anything is shown. No event of it names who answered."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.store.events import PrivateEvent

LOWEST_MIN_SCORES = 5
"""Nothing is shown from fewer answers than this (Glint, Culture Amp, CompanyMood)."""

LOWEST_MIN_COMMENTS = 10
"""Comments need more people than scores do: a style of writing tells more than a number."""


class SurveyOpened(PrivateEvent, frozen=True, kw_only=True):
    instrument: str
    teams: tuple[str, ...]
    opens: datetime
    closes: datetime
    min_scores: int
    min_comments: int


class SurveyClosed(PrivateEvent, frozen=True, kw_only=True):
    pass


class AnswerSubmitted(PrivateEvent, frozen=True, kw_only=True):
    """One answer sheet, an aggregate of its own, of no team. `at` is a coarse hour."""

    survey: UUID
    scores: dict[str, int]


class CommentLeft(PrivateEvent, frozen=True, kw_only=True):
    """What one person wrote, apart from their scores. `text` is sealed under the survey's key; `at` is a coarse hour."""

    survey: UUID
    text: bytes


@dataclass(frozen=True)
class Survey:
    """`teams` is the audience, empty for everybody. It takes answers from `opens` until `closes` or until it is closed."""

    id: UUID
    instrument: str
    teams: tuple[str, ...]
    opens: datetime
    closes: datetime
    min_scores: int = LOWEST_MIN_SCORES
    min_comments: int = LOWEST_MIN_COMMENTS
    closed: bool = False

    def open(self, at: datetime) -> SurveyOpened:
        return SurveyOpened(
            originator_id=self.id,
            originator_version=1,
            at=at,
            instrument=self.instrument,
            teams=self.teams,
            opens=self.opens,
            closes=self.closes,
            min_scores=self.min_scores,
            min_comments=self.min_comments,
        )

    def close(self, at: datetime) -> SurveyClosed:
        return SurveyClosed(originator_id=self.id, originator_version=2, at=at)

    def as_closed(self) -> "Survey":
        return replace(self, closed=True)

    def asks(self, team: str) -> bool:
        return not self.teams or team in self.teams

    def takes_answers(self, at: datetime) -> bool:
        return not self.closed and self.opens <= at < self.closes

    def is_over(self, at: datetime) -> bool:
        return self.closed or self.closes <= at

    @property
    def has_cells(self) -> bool:
        """Whether teams are told apart. A survey of one team has its total and no cells."""
        return len(self.teams) != 1


def coarse(at: datetime) -> datetime:
    """The hour that `at` lies in."""
    return at.replace(minute=0, second=0, microsecond=0)
