"""What alerts knows of a member, from the events of checkins."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Consent(StrEnum):
    """What alerts needs agreement to. What is done with text is done in checkins."""

    ANALYTICS = "analytics"
    CONTACT = "contact"


@dataclass(frozen=True)
class Member:
    """One member. `known` is false until their enrolment was read: then nothing is agreed to and nobody is eligible.

    `last_alert_at` is in event time, so that grouping is the same at every reading. It is kept for analysis alone, so only
    while that is agreed to.
    """

    id: UUID
    known: bool = False
    erased: bool = False
    manager: UUID | None = None
    languages: tuple[str, ...] = ()
    analytics: bool = False
    contact: bool = False
    last_alert_at: datetime | None = None

    @property
    def agreed(self) -> frozenset[Consent]:
        answers = {Consent.ANALYTICS: self.analytics, Consent.CONTACT: self.contact}
        return frozenset(consent for consent, agreed in answers.items() if agreed)

    @property
    def may_be_analysed(self) -> bool:
        """Both agreements: that check-ins are analysed, and that somebody gets in touch because of it."""
        return self.analytics and self.contact
