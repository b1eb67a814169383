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
    """One answer sheet, of no team. `occurred_at` is the coarse hour, never the moment. A survey's first ones are published
    together, once they are `min_scores`."""

    answer: UUID
    scores: dict[str, int]


class CellFilled(SurveyEvent):
    """What `n` more sheets of a team come to together: never fewer than the survey's `min_scores`.

    `figures` are the sum of each scale by its name, `band.NAME` sheets in a band, `positive.NAME` positive on a subscale. The
    sheets are among the survey's `SurveyAnswered`; what never came to `min_scores` is there alone."""

    team: Code
    n: int
    figures: dict[str, int]
