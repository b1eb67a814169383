"""The bodies that checkins takes: what is right, and in which words it is told what isn't."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any
from uuid import UUID, uuid4
from zoneinfo import available_timezones

import msgspec
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, StrictBool

from services.checkins.application import ChangeMember, EnrolMember, FlagDistress, RecordCheckIn
from services.checkins.domain import CheckIn, DistressFlag, Place
from services.checkins.domain.member import Consented
from shared.errors import invalid
from shared.events.checkins import Sign
from shared.events.contract import Code
from shared.http.bodies import Body, Language, Text
from shared.http.idempotency import Answer

LONGEST_NOTE = 10_000
CLOCKS_MAY_DIFFER_BY = timedelta(minutes=5)
OLDEST_YEAR = 1970


@cache
def _timezones() -> frozenset[str]:
    """Read once: to look through the time zones' folders took 5 ms of each enrolment."""
    return frozenset(available_timezones())


def _known_timezone(name: str) -> str:
    if name not in _timezones() or name == "localtime":
        raise ValueError("must be a time zone of the IANA database, such as Europe/Berlin")
    return name


Timezone = Annotated[str, Field(max_length=60), AfterValidator(_known_timezone)]
Country = Annotated[str, Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2")]
Languages = Annotated[tuple[Language, ...], Field(min_length=1, max_length=20)]
Scale = Annotated[int, Field(ge=1, le=5, strict=True)]
Note = Annotated[Text, Field(max_length=LONGEST_NOTE)]
Name = Annotated[Text, Field(min_length=1, max_length=200)]


class ConsentsBody(Body):
    """What isn't said is not consented to."""

    analytics: StrictBool = False
    text: StrictBool = False
    contact: StrictBool = False


class MemberBody(Body):
    name: Name
    team: Code
    manager: UUID | None = None
    timezone: Timezone
    country: Country | None = None
    languages: Languages
    consents: ConsentsBody

    def command(self) -> EnrolMember:
        place = Place(
            team=self.team,
            manager=self.manager,
            timezone=self.timezone,
            country=self.country,
            languages=self.languages,
        )
        return EnrolMember(self.name, place, Consented(**self.consents.model_dump()))


class ConsentsChangeBody(Body):
    """Only what is given changes."""

    analytics: StrictBool = Field(default_factory=bool)
    text: StrictBool = Field(default_factory=bool)
    contact: StrictBool = Field(default_factory=bool)


class MemberChangeBody(Body):
    """Only what is given changes; `manager: null` empties the management chain."""

    # what a factory makes stands in no document: no client takes it for a default and sends it
    name: Name = Field(default_factory=str)
    team: Code = Field(default_factory=str)
    manager: UUID | None = None
    timezone: Timezone = Field(default_factory=str)
    country: Country | None = None
    languages: Languages = Field(default_factory=tuple)
    consents: ConsentsChangeBody = Field(default_factory=ConsentsChangeBody)

    @property
    def moves(self) -> bool:
        """Whether it says where the member belongs."""
        return not self.model_fields_set.isdisjoint(("team", "manager"))

    def command(self, member: UUID, by: str | None) -> ChangeMember:
        """`by` as in ChangeMember."""
        given = self.model_fields_set
        place = {name: getattr(self, name) for name in Place.__struct_fields__ if name in given}
        consents = self.consents.model_dump(exclude_unset=True) if "consents" in given else {}
        return ChangeMember(member, place, consents, self.name if "name" in given else None, by)


class CheckInBody(Body):
    member: UUID
    mood: Scale
    energy: Scale | None = None
    stress: Scale | None = None
    note: Note | None = None
    wants_contact: StrictBool = False
    recorded_at: AwareDatetime | None = None

    def command(self, now: datetime, sent_at: datetime | None = None) -> RecordCheckIn:
        """`sent_at` is a CloudEvent's time. Raises a 422 Problem for a time that lies in the future."""
        said = self.recorded_at or sent_at
        recorded_at = _plausible(said, now) if said else now
        check_in = CheckIn(
            uuid4(), self.member, recorded_at, self.mood, self.energy, self.stress, wants_contact=self.wants_contact
        )
        return RecordCheckIn(check_in, self.note)


class DistressFlagBody(Body):
    member: UUID
    signs: Annotated[tuple[Sign, ...], Field(min_length=1, max_length=8)]
    reporter: UUID | None = None
    urgent: StrictBool = False
    note: Note | None = None

    def command(self, caller: UUID | None = None) -> FlagDistress:
        """A person who reports by their own token is the reporter, named or not: they must not be asked to answer it."""
        signs = tuple(dict.fromkeys(sign.value for sign in self.signs))
        return FlagDistress(DistressFlag(uuid4(), self.member, signs, self.reporter or caller, self.urgent), self.note)


def _plausible(at: datetime, now: datetime) -> datetime:
    if at.year < OLDEST_YEAR or at.year > now.year + 1 or at > now + CLOCKS_MAY_DIFFER_BY:
        raise invalid("/recorded_at", f"must lie between {OLDEST_YEAR} and now")
    return at.astimezone(UTC)


class Id(BaseModel):
    id: UUID


class Receipt(BaseModel):
    """`position` is that of the erasure in `checkins.events`, which every other service follows."""

    member: UUID
    erased_at: datetime
    position: str


class ErasedMember(BaseModel):
    id: UUID
    receipt: Receipt


def with_position(answer: Answer) -> Answer:
    """The receipt's position is known once it is stored. A kept problem has none."""
    if answer.status >= 400:
        return answer
    told = msgspec.json.decode(answer.body)
    told["receipt"]["position"] = f"checkins:{answer.position}"
    return msgspec.structs.replace(answer, body=msgspec.json.encode(told))


class Recorded(BaseModel):
    """`resources` has crisis lines when the note calls for them."""

    id: UUID
    resources: list[dict[str, Any]]
