"""The private events of alerts: what one alert, supporter or endpoint went through.

An alert's webhook and offer carry the version of the event they follow from as their `sequence`: it rises with every
step of one alert, and a repeated decision gives the same one.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.alerts.domain.members import Consent
from services.alerts.domain.signals import Signal
from services.alerts.domain.wishes import Kind
from shared.events.alerts import Tier
from shared.store.events import PrivateEvent


class Ground(StrEnum):
    """Why a clinical lead may decide that consent isn't what matters most. There is no third, and no free text."""

    DANGER_TO_SELF = "danger_to_self"
    DANGER_TO_OTHERS = "danger_to_others"


class AlertEvent(PrivateEvent, frozen=True, kw_only=True):
    """A step of one alert. Its version is given when the decision is complete."""

    originator_version: int = 0


class Raised(AlertEvent, frozen=True, kw_only=True):
    """`trigger` is the check-in or the flag that raised it, `reporter` the colleague who must not be asked to help; nor
    must the others on whose concerns it rests."""

    member: UUID
    tier: Tier
    signals: tuple[Signal, ...]
    trigger: UUID
    reporter: UUID | None = None
    other_reporters: tuple[UUID, ...] = ()


class Offered(AlertEvent, frozen=True, kw_only=True):
    """The offer may be taken after `expires_at` too, while nobody else has it; by then others are asked."""

    supporter: UUID
    expires_at: datetime


class Escalated(AlertEvent, frozen=True, kw_only=True):
    """Nobody answered in time, so others are asked beside those who hold an offer."""

    step: str


class Declined(AlertEvent, frozen=True, kw_only=True):
    supporter: UUID


class Postponed(AlertEvent, frozen=True, kw_only=True):
    """Not now: as declining, but they may be asked again when time has passed and nobody else is there."""

    supporter: UUID


class Withdrawn(AlertEvent, frozen=True, kw_only=True):
    """An offer is taken back: another accepted, the alert ended, or the supporter can't be reached any more. One that was
    accepted only where the member's consent ended."""

    supporter: UUID


class Accepted(AlertEvent, frozen=True, kw_only=True):
    supporter: UUID


class Lapsed(AlertEvent, frozen=True, kw_only=True):
    """Who accepted it made no contact in time: it is taken from them, and others are asked."""

    supporter: UUID


class ContactMade(AlertEvent, frozen=True, kw_only=True):
    supporter: UUID


class SentOutside(AlertEvent, frozen=True, kw_only=True):
    """Nobody eligible was left, or nobody answered: the outside crisis route has it, and it is still offered."""


class Cancelled(AlertEvent, frozen=True, kw_only=True):
    """By the member whom it is about, or because they were erased."""


class ConsentWithdrawn(AlertEvent, frozen=True, kw_only=True):
    """The member withdrew the agreement on which it stood. From here on nobody is told whom it was about."""

    consent: Consent


class DangerDecided(AlertEvent, frozen=True, kw_only=True):
    """`by` is the member id of the clinical lead who decided that this alert goes on without consent, to its end."""

    by: UUID
    ground: Ground


class Reopened(AlertEvent, frozen=True, kw_only=True):
    """It had ended because consent was withdrawn, and begins again because of danger."""


class Closed(AlertEvent, frozen=True, kw_only=True):
    pass


class SupporterEnrolled(PrivateEvent, frozen=True, kw_only=True):
    originator_version: int = 1
    member: UUID
    languages: tuple[str, ...]
    skills: tuple[str, ...]
    weekly_hours: float | None = None


class EndpointRegistered(PrivateEvent, frozen=True, kw_only=True):
    """Its address and its secrets are rows, so that they can be destroyed."""

    originator_version: int = 1
    supporter: UUID


class EndpointSwitchedOff(PrivateEvent, frozen=True, kw_only=True):
    """It answered 410 Gone, or its supporter was erased."""

    originator_version: int = 2


class ConflictDeclared(PrivateEvent, frozen=True, kw_only=True):
    """Between whom is a row, as whom a member blocks and chose: so that it can be destroyed, and is read in no history."""

    originator_version: int = 1
    kind: Kind


class ConflictEnded(PrivateEvent, frozen=True, kw_only=True):
    originator_version: int = 2


class Blocked(PrivateEvent, frozen=True, kw_only=True):
    """A member wants somebody never to be asked about them."""

    originator_version: int = 1


class Unblocked(PrivateEvent, frozen=True, kw_only=True):
    originator_version: int = 2


class PreferencesSet(PrivateEvent, frozen=True, kw_only=True):
    """A member said whom they choose and whom they veto, in place of what they said before."""
