"""What `alerts` publishes to `alerts.events`, keyed by alert. Whom an alert is about stays in alerts."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.events.contract import Code, PublicEvent


class Tier(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"


class SignalPoints(BaseModel):
    """One detector's share of an alert; the reason in words stays in alerts."""

    model_config = ConfigDict(frozen=True)

    detector: Code
    points: float


class AlertEvent(PublicEvent):
    service: ClassVar[str] = "alerts"
    subject_field: ClassVar[str] = "alert"

    alert: UUID


class AlertRaised(AlertEvent):
    tier: Tier
    signals: tuple[SignalPoints, ...]


class AlertOffered(AlertEvent):
    """`supporter` is the supporter's own id in alerts, not a member's."""

    supporter: UUID
    sequence: int
    expires_at: AwareDatetime


class AlertDeclined(AlertEvent):
    supporter: UUID


class AlertAccepted(AlertEvent):
    supporter: UUID


class AlertLapsed(AlertEvent):
    """Who had accepted it got in touch with nobody in time: it was taken from them, and is on the outside route."""

    supporter: UUID


class AlertSentOutside(AlertEvent):
    """Nobody eligible was left: the alert is on the outside crisis route, and still offered to who becomes eligible."""


class AlertClosed(AlertEvent):
    """It has ended. Why (closed, cancelled, a consent withdrawn) stays in alerts: it would tell of the member."""


class AlertReopened(AlertEvent):
    """It had ended and is offered again; an AlertClosed follows once more."""
