"""Whom a step of an alert is told: the webhooks that are owed because of it, as thin as API.md says."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

import msgspec

from services.alerts.domain.alert import Alert, Offer
from services.alerts.domain.events import Cancelled, Closed, Escalated, Lapsed, Offered, Withdrawn
from shared.events.alerts import Tier
from shared.store.events import PrivateEvent

OFFERED, ESCALATED, WITHDRAWN, CLOSED = "alert.offered", "alert.escalated", "alert.withdrawn", "alert.closed"


@dataclass(frozen=True)
class Notice:
    """One supporter is owed word of one step; `offer` is the open offer that they may still answer."""

    alert: UUID
    type: str
    tier: Tier
    supporter: UUID
    sequence: int
    at: datetime
    offer: Offer | None = None

    def webhook_id(self, endpoint: UUID) -> UUID:
        """The same at every attempt and at every repeated decision."""
        return uuid5(self.alert, f"{self.type} {endpoint} {self.sequence}")


class Data(msgspec.Struct, frozen=True):
    alert: UUID
    tier: Tier
    sequence: int
    expires_at: datetime | None
    claim_url: str | None


class Body(msgspec.Struct, frozen=True):
    """What travels: nothing in it tells whom the alert is about."""

    type: str
    timestamp: datetime
    data: Data


def notices(alert: Alert, events: Iterable[PrivateEvent]) -> list[Notice]:
    """Who is told what after an alert's events; `alert` is its state after the last of them."""
    return [notice for event in events for notice in _notices(alert, event)]


def body(notice: Notice, claim_url: str) -> bytes:
    """As it is kept: what answers no offer has no link, and the link has no token yet."""
    expires_at, link = (notice.offer.expires_at, claim_url) if notice.offer else (None, None)
    data = Data(notice.alert, notice.tier, notice.sequence, expires_at, link)
    return msgspec.json.encode(Body(notice.type, notice.at, data))


def _notices(alert: Alert, event: PrivateEvent) -> list[Notice]:
    match event:
        case Offered():
            return [_notice(alert, OFFERED, event, event.supporter)]
        case Escalated():
            before = [offer for offer in alert.open_offers if offer.sequence < event.originator_version]
            return [_notice(alert, ESCALATED, event, offer.supporter) for offer in before]
        case Withdrawn() | Lapsed():
            return [_notice(alert, WITHDRAWN, event, event.supporter)]
        case Closed() | Cancelled() if alert.accepted_by:
            return [_notice(alert, CLOSED, event, alert.accepted_by)]
    return []


def _notice(alert: Alert, type_: str, event: PrivateEvent, supporter: UUID) -> Notice:
    offer = alert.offer_to(supporter) if type_ in (OFFERED, ESCALATED) else None
    return Notice(alert.id, type_, alert.tier, supporter, event.originator_version, event.at, offer)
