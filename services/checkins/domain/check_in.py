"""A check-in and a colleague's concern. Each is complete when it is recorded, and an aggregate of its own, so that two
people's check-ins never wait for each other."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.checkins.domain.language import Finding
from shared.store.events import PrivateEvent


class CheckInRecorded(PrivateEvent, frozen=True, kw_only=True):
    member: UUID
    recorded_at: datetime
    mood: int
    energy: int | None = None
    stress: int | None = None
    wants_contact: bool = False
    note: bytes | None = None
    findings: tuple[Finding, ...] = ()


class DistressFlagged(PrivateEvent, frozen=True, kw_only=True):
    member: UUID
    signs: tuple[str, ...]
    reporter: UUID | None = None
    urgent: bool = False
    note: bytes | None = None


@dataclass(frozen=True)
class CheckIn:
    """How a member says they are. Mood, energy and stress are 1 (lowest) to 5 (highest)."""

    id: UUID
    member: UUID
    recorded_at: datetime
    mood: int
    energy: int | None = None
    stress: int | None = None
    wants_contact: bool = False

    def record(self, at: datetime, note: bytes | None, findings: tuple[Finding, ...] = ()) -> CheckInRecorded:
        """`note` is the sealed text; whoever records has the key, this room doesn't. `findings` are what was found in it."""
        return CheckInRecorded(
            originator_id=self.id,
            originator_version=1,
            at=at,
            member=self.member,
            recorded_at=self.recorded_at,
            mood=self.mood,
            energy=self.energy,
            stress=self.stress,
            wants_contact=self.wants_contact,
            note=note,
            findings=findings,
        )


@dataclass(frozen=True)
class DistressFlag:
    """What a colleague noticed about `member`. `reporter` is None where it was given without a name."""

    id: UUID
    member: UUID
    signs: tuple[str, ...]
    reporter: UUID | None = None
    urgent: bool = False

    def raise_flag(self, at: datetime, note: bytes | None) -> DistressFlagged:
        return DistressFlagged(
            originator_id=self.id,
            originator_version=1,
            at=at,
            member=self.member,
            signs=self.signs,
            reporter=self.reporter,
            urgent=self.urgent,
            note=note,
        )
