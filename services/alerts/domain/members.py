"""What alerts knows of a member, from the events of checkins."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.alerts.domain.detection.history import History


class Consent(StrEnum):
    """What alerts needs agreement to. What is done with text is done in checkins."""

    ANALYTICS = "analytics"
    CONTACT = "contact"


NO_HISTORY = History()


@dataclass(frozen=True)
class Report:
    """A colleague's concern that isn't urgent. `reporter` is None where it was given without a name."""

    reporter: UUID | None
    at: datetime


@dataclass(frozen=True)
class Member:
    """One member. `known` is false until their enrolment was read: then nothing is agreed to and nobody is eligible.

    `last_alert_at` is in event time, so that grouping is the same at every reading. It and `history` are kept for analysis
    alone, so only while that is agreed to. `reports` are those that nobody was called about yet.
    """

    id: UUID
    known: bool = False
    erased: bool = False
    manager: UUID | None = None
    languages: tuple[str, ...] = ()
    analytics: bool = False
    contact: bool = False
    last_alert_at: datetime | None = None
    timezone: str = "UTC"
    history: History = NO_HISTORY
    reports: tuple[Report, ...] = ()

    @property
    def agreed(self) -> frozenset[Consent]:
        answers = {Consent.ANALYTICS: self.analytics, Consent.CONTACT: self.contact}
        return frozenset(consent for consent, agreed in answers.items() if agreed)

    @property
    def may_be_analysed(self) -> bool:
        """Both agreements: that check-ins are analysed, and that somebody gets in touch because of it."""
        return self.analytics and self.contact
