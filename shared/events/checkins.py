"""What `checkins` publishes to `checkins.events`, keyed by member."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar
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


class NoteCategory(StrEnum):
    """What a note may speak of: the eight signs, and what else is looked for in words."""

    MOOD_CHANGE = "mood_change"
    BEHAVIOUR_CHANGE = "behaviour_change"
    PERFORMANCE_CHANGE = "performance_change"
    APPEARANCE_CHANGE = "appearance_change"
    HOPELESSNESS = "hopelessness"
    GUILT = "guilt"
    ANGER = "anger"
    ANXIETY = "anxiety"
    SELF_HARM = "self_harm"
    EXPLICIT_REQUEST = "explicit_request"
    LONELINESS = "loneliness"
    EXHAUSTION = "exhaustion"
    GRIEF = "grief"
    HARASSMENT = "harassment"


class NoteFinding(BaseModel):
    """That a rule found words of a category in the note. It says which words were used, not what somebody has. `weight` is the
    rule's, more or less for its context: 1 a little, 3 clear, 6 a wish to be dead, 9 a plan."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    category: NoteCategory
    rule: Code
    rules_version: Annotated[int, Field(ge=1)]
    weight: Annotated[float, Field(ge=0, le=20)]


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
    """`findings` are what travels of a note: nothing without the member's consent to the analysis of text. v1 had none."""

    version: ClassVar[int] = 2

    check_in: UUID
    recorded_at: AwareDatetime
    mood: Scale
    energy: Scale | None = None
    stress: Scale | None = None
    wants_contact: bool = False
    findings: tuple[NoteFinding, ...] = ()

    @classmethod
    def upcast(cls, data: dict[str, Any], version: int) -> dict[str, Any]:
        return {**data, "findings": []} if version == 1 else data


class DistressFlagged(MemberEvent):
    """A colleague's concern about the member. `reporter` is absent where it was given without a name."""

    flag: UUID
    signs: tuple[Sign, ...]
    reporter: UUID | None = None
    urgent: bool = False
