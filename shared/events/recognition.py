"""What `recognition` publishes to `recognition.events`, keyed by giver."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.events.contract import PublicEvent


class Category(StrEnum):
    SUPPORTED_SOMEONE = "supported_someone"
    SOUGHT_HELP = "sought_help"
    COPED = "coped"
    TAUGHT = "taught"
    COLLABORATED = "collaborated"


class RecognitionEvent(PublicEvent):
    service: ClassVar[str] = "recognition"


class KudosGiven(RecognitionEvent):
    subject_field: ClassVar[str] = "giver"

    kudos: UUID
    giver: UUID
    receivers: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=20)]
    category: Category
    points: Annotated[int, Field(ge=0, le=100)] = 0


class BoardOptedIn(RecognitionEvent):
    subject_field: ClassVar[str] = "member"

    member: UUID


class BoardOptedOut(RecognitionEvent):
    subject_field: ClassVar[str] = "member"

    member: UUID
