"""The detectors over check-ins from a file, a line each: the same functions as in the fold, without a service or a store."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from services.alerts.domain.detection.ranking import ranked, standing
from services.alerts.domain.detectors import detect
from services.alerts.domain.members import Member
from services.alerts.domain.rules import RuleSet
from services.alerts.domain.tiers import tier_of
from services.alerts.domain.watching import watched
from shared.events.checkins import CheckInRecorded

Scale = Annotated[int, Meta(ge=1, le=5)] | Annotated[float, Meta(ge=1, le=5)]
Id = str | int
NOBODY = UUID(int=0)


class Line(Struct, frozen=True):
    """One check-in as it is given. A time without an offset is taken for UTC; what else a line holds is passed over."""

    id: Id
    member: Id
    recorded_at: datetime
    mood: Scale
    energy: Scale | None = None
    stress: Scale | None = None
    wants_contact: bool = False


class Detected(Struct, frozen=True):
    """What the detectors make of one: `points` rank a member's days, below any tier too."""

    id: Id
    member: Id
    at: str
    points: float
    tier: str
    reasons: list[str]


class Wrong(Struct, frozen=True):
    """A line that can't be taken: `id` where it has one, `line` counted from 1."""

    id: Any
    error: str
    line: int


def detected(lines: Iterable[bytes], rules: RuleSet) -> Iterator[bytes]:
    """A line of JSON for each that isn't empty, in order, as soon as it was read. Members are kept in memory only."""
    members: dict[Id, Member] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield msgspec.json.encode(_one(line, number, rules, members)) + b"\n"


def _one(line: bytes, number: int, rules: RuleSet, members: dict[Id, Member]) -> Detected | Wrong:
    try:
        said = _LINE.decode(line)
        day = _in_utc(said.recorded_at).date()
    except (msgspec.MsgspecError, ValueError, OverflowError) as error:
        return Wrong(_id_in(line), str(error), number)
    check_in = _check_in(said)
    member = watched(rules, members.get(said.member, AGREED), check_in, day)
    members[said.member] = member
    signals = detect(rules, member, check_in)
    points = ranked(signals, standing(member.history), rules.tiers)
    reasons = [signal.reason for signal in signals]
    at = said.recorded_at.isoformat().replace("+00:00", "Z")
    return Detected(said.id, said.member, at, points, tier_of(signals, rules.tiers), reasons)


_LINE = msgspec.json.Decoder(Line)
AGREED = Member(NOBODY, known=True, analytics=True, contact=True)


def _in_utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _check_in(said: Line) -> CheckInRecorded:
    """Checked already, and unlike what is published it may lie between two steps of the scale."""
    values: dict[str, Any] = {"mood": said.mood, "energy": said.energy, "stress": said.stress}
    return CheckInRecorded.model_construct(**values, wants_contact=said.wants_contact)


def _id_in(line: bytes) -> Any:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    id_ = found.get("id") if isinstance(found, dict) else None
    return id_ if isinstance(id_, str | int) else None
