"""What `evaluation` publishes to `evaluation.events`, keyed by survey. No member is in any of it."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.events.contract import Code, PublicEvent


class SurveyEvent(PublicEvent):
    service: ClassVar[str] = "evaluation"
    subject_field: ClassVar[str] = "survey"

    survey: UUID


class SurveyOpened(SurveyEvent):
    instrument: Code
    teams: tuple[Code, ...]
    opens: AwareDatetime
    closes: AwareDatetime
    min_scores: int
    min_comments: int


class SurveyClosed(SurveyEvent):
    pass


class SurveyAnswered(SurveyEvent):
    """One answer sheet. `team` is the cell it counts in, None where that team is too small ever to be shown apart;
    `occurred_at` is the coarse hour, never the moment."""

    answer: UUID
    team: Code | None = None
    scores: dict[str, int]
