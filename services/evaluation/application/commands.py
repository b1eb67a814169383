"""The commands that evaluation takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.evaluation.domain import Survey
from shared.http.idempotency import RequestKey


@dataclass(frozen=True)
class OpenSurvey:
    survey: Survey


@dataclass(frozen=True)
class CloseSurvey:
    survey: UUID


@dataclass(frozen=True)
class Retry:
    """A draw's Idempotency-Key: `key` tells the request again, `secret` opens the token that was drawn with it."""

    key: RequestKey
    secret: bytes


@dataclass(frozen=True)
class DrawToken:
    survey: UUID
    member: UUID
    retry: Retry | None = None


@dataclass(frozen=True)
class SubmitAnswers:
    """`comments` are one person's; who that is neither this nor anything after it knows."""

    survey: UUID
    token: str
    scores: Mapping[str, int]
    comments: tuple[str, ...] = ()


Command = OpenSurvey | CloseSurvey | DrawToken | SubmitAnswers
