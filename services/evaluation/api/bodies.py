"""The bodies that evaluation takes: what is right, and in which words it is told what isn't."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from services.evaluation.application import OpenSurvey, SubmitAnswers
from services.evaluation.domain import Survey
from services.evaluation.domain.surveys import LOWEST_MIN_COMMENTS, LOWEST_MIN_SCORES
from shared.errors import invalid
from shared.events import Code
from shared.http.bodies import Body, Text

LONGEST_COMMENT = 4_000
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


Time = Annotated[AwareDatetime, Field(ge=EARLIEST, lt=LATEST), AfterValidator(lambda at: at.astimezone(UTC))]
Score = Annotated[int, Field(ge=0, le=1_000, strict=True)]
Comment = Annotated[Text, Field(max_length=LONGEST_COMMENT)]


class AudienceBody(Body):
    """No teams means everybody."""

    teams: Annotated[tuple[Code, ...], Field(max_length=500)] = ()


class SurveyBody(Body):
    instrument: Code
    audience: AudienceBody = AudienceBody()
    opens: Time
    closes: Time
    min_scores: Annotated[int, Field(ge=LOWEST_MIN_SCORES, le=10_000, strict=True)] = LOWEST_MIN_SCORES
    min_comments: Annotated[int, Field(ge=LOWEST_MIN_COMMENTS, le=10_000, strict=True)] = LOWEST_MIN_COMMENTS

    def command(self) -> OpenSurvey:
        """Raises a 422 Problem for a survey that ends before it begins."""
        if self.closes <= self.opens:
            raise invalid("/closes", "must be after opens")
        teams = tuple(dict.fromkeys(self.audience.teams))
        return OpenSurvey(Survey(uuid4(), self.instrument, teams, self.opens, self.closes, self.min_scores, self.min_comments))


class AnswersBody(Body):
    token: Annotated[Text, Field(min_length=1, max_length=200)]
    answers: Annotated[dict[Annotated[Text, Field(max_length=40)], Score], Field(max_length=200)]
    comments: Comment | Annotated[tuple[Comment, ...], Field(max_length=20)] = ()

    def command(self, survey: UUID) -> SubmitAnswers:
        comments = (self.comments,) if isinstance(self.comments, str) else self.comments
        return SubmitAnswers(survey, self.token, self.answers, comments)


class AnsweredEvent(AnswersBody):
    """The data of an `alongside.survey-answer.v1`."""

    survey: UUID


class Id(BaseModel):
    id: UUID


class Token(BaseModel):
    token: str


class Thanks(BaseModel):
    """The same for every answer: where to find somebody to talk to."""

    resources_url: str | None
