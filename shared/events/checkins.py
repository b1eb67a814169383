"""What `checkins` publishes to `checkins.events`, keyed by member."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.events.contract import Code, PublicEvent

Scale = Annotated[int, Field(ge=1, le=5)]


class Sign(StrEnum):
    """The eight signs of distress that a colleague may report."""

    MOOD_CHANGE = "mood_change"
    BEHAVIOUR_CHANGE = "behaviour_change"
    PERFORMANCE_CHANGE = "performance_change"
    APPEARANCE_CHANGE = "appearance_change"
    HOPELESSNESS = "hopelessness"
    GUILT = "guilt"
    ANGER = "anger"
    ANXIETY = "anxiety"


class Consents(BaseModel):
    """What the member agreed to; what isn't said is not agreed to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    analytics: bool = False
    text: bool = False
    contact: bool = False


class MemberEvent(PublicEvent):
    service: ClassVar[str] = "checkins"
    subject_field: ClassVar[str] = "member"

    member: UUID


class MemberEnrolled(MemberEvent):
    team: Code
    manager: UUID | None = None
    timezone: str
    country: str | None = None
    languages: tuple[str, ...]
    consents: Consents


class MemberMoved(MemberEvent):
    """A new team, line manager, time zone, country or set of languages: the whole of where a member now belongs."""

    team: Code
    manager: UUID | None = None
    timezone: str
    country: str | None = None
    languages: tuple[str, ...]


class ConsentChanged(MemberEvent):
    consents: Consents


class MemberErased(MemberEvent):
    """The member's key is destroyed; whoever holds something of them drops it."""

    ends_its_subject: ClassVar[bool] = True


class CheckInRecorded(MemberEvent):
    check_in: UUID
    recorded_at: AwareDatetime
    mood: Scale
    energy: Scale | None = None
    stress: Scale | None = None
    wants_contact: bool = False


class DistressFlagged(MemberEvent):
    """A colleague's concern about the member. `reporter` is absent where it was given without a name."""

    flag: UUID
    signs: tuple[Sign, ...]
    reporter: UUID | None = None
    urgent: bool = False
