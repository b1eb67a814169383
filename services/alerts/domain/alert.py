"""One alert: an owed offer of contact, from its raising to its close. Its state, and how its events change it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.alerts.domain.events import (
    Accepted,
    Cancelled,
    Closed,
    ConsentWithdrawn,
    ContactMade,
    DangerDecided,
    Declined,
    Escalated,
    Lapsed,
    Offered,
    Postponed,
    Raised,
    Reopened,
    SentOutside,
    Withdrawn,
)
from services.alerts.domain.signals import Signal
from shared.events.alerts import Tier
from shared.store.events import PrivateEvent


class State(StrEnum):
    RAISED = "raised"
    OFFERED = "offered"
    OUTSIDE = "outside"
    ACCEPTED = "accepted"
    CONTACTED = "contacted"
    CANCELLED = "cancelled"
    CLOSED = "closed"


WAITING = frozenset({State.RAISED, State.OFFERED, State.OUTSIDE})
ENDED = frozenset({State.CANCELLED, State.CLOSED})


class OfferState(StrEnum):
    OPEN = "open"
    DECLINED = "declined"
    POSTPONED = "postponed"
    WITHDRAWN = "withdrawn"
    ACCEPTED = "accepted"
    LAPSED = "lapsed"


@dataclass(frozen=True)
class Offer:
    """What one supporter was last asked; `sequence` is the version of the alert at which they were. `accepted_at` stays
    where they gave it back: they carried it."""

    supporter: UUID
    sequence: int
    at: datetime
    expires_at: datetime
    state: OfferState = OfferState.OPEN
    accepted_at: datetime | None = None


@dataclass(frozen=True)
class Alert:
    """`outside_since` is the version at which the outside route took it: only that one's looks for someone go on.

    `withdrawn_at` is when the consent on which it stood was withdrawn, `in_danger` that it goes on without.
    """

    id: UUID
    version: int
    member: UUID
    tier: Tier
    signals: tuple[Signal, ...]
    raised_at: datetime
    reporters: tuple[UUID, ...] = ()
    state: State = State.RAISED
    offers: tuple[Offer, ...] = ()
    outside_since: int | None = None
    accepted_by: UUID | None = None
    withdrawn_at: datetime | None = None
    in_danger: bool = False

    @property
    def is_waiting(self) -> bool:
        """Whether nobody has taken it yet."""
        return self.state in WAITING

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def open_offers(self) -> tuple[Offer, ...]:
        return tuple(offer for offer in self.offers if offer.state is OfferState.OPEN)

    def offer_to(self, supporter: UUID) -> Offer | None:
        return next((offer for offer in self.offers if offer.supporter == supporter), None)


def replay(events: Iterable[PrivateEvent]) -> Alert | None:
    """The alert after all its events; None without any, and where they are of something else: a supporter has an id too."""
    alert: Alert | None = None
    for event in events:
        if alert is None and not isinstance(event, Raised):
            return None
        alert = evolve(alert, event)
    return alert


def after(alert: Alert, events: Iterable[PrivateEvent]) -> Alert:
    for event in events:
        alert = evolve(alert, event)
    return alert


def evolve(alert: Alert | None, event: PrivateEvent) -> Alert:
    """The alert after one event more."""
    if isinstance(event, Raised):
        at = event.at
        reporters = (*((event.reporter,) if event.reporter else ()), *event.other_reporters)
        return Alert(event.originator_id, 1, event.member, event.tier, event.signals, at, reporters)
    assert alert is not None, "an alert begins by being raised"
    return replace(_changed(alert, event), version=event.originator_version)


def _changed(alert: Alert, event: PrivateEvent) -> Alert:
    match event:
        case Offered():
            return _offered(alert, event)
        case Declined() | Postponed() | Withdrawn():
            return _answered(alert, event.supporter, state=_LEAVES[type(event)])
        case Accepted():
            accepted = _answered(alert, event.supporter, state=OfferState.ACCEPTED, accepted_at=event.at)
            return replace(accepted, state=State.ACCEPTED, accepted_by=event.supporter)
        case Lapsed():
            lapsed = _answered(alert, event.supporter, state=OfferState.LAPSED)
            return replace(lapsed, state=State.RAISED, accepted_by=None, outside_since=None)
        case SentOutside():
            return replace(alert, state=State.OUTSIDE, outside_since=event.originator_version)
        case ConsentWithdrawn():
            return replace(alert, state=State.CANCELLED, accepted_by=None, withdrawn_at=event.at)
        case DangerDecided():
            return replace(alert, in_danger=True)
        case Reopened():
            return replace(alert, state=State.RAISED, outside_since=None, withdrawn_at=None)
        case Escalated():
            return alert
    return replace(alert, state=_BECOMES[type(event)])


_LEAVES: dict[type[PrivateEvent], OfferState] = {
    Declined: OfferState.DECLINED,
    Postponed: OfferState.POSTPONED,
    Withdrawn: OfferState.WITHDRAWN,
}
_BECOMES: dict[type[PrivateEvent], State] = {
    ContactMade: State.CONTACTED,
    Cancelled: State.CANCELLED,
    Closed: State.CLOSED,
}


def _offered(alert: Alert, event: Offered) -> Alert:
    fresh = Offer(event.supporter, event.originator_version, event.at, event.expires_at)
    others = tuple(offer for offer in alert.offers if offer.supporter != event.supporter)
    return replace(alert, state=State.OFFERED, offers=(*others, fresh))


def _answered(alert: Alert, supporter: UUID, **answer: Any) -> Alert:
    offers = tuple(replace(offer, **answer) if offer.supporter == supporter else offer for offer in alert.offers)
    return replace(alert, offers=offers)
