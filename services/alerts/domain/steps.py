"""What may be done with an alert: each step gives the events that happen, or raises the 409 of a wrong one.

A step is given who is `eligible`, best first and nobody who may not be asked (again): whom to ask is decided by
`eligibility`, whether and when here.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from services.alerts.domain.alert import Alert, Offer, OfferState, State, after
from services.alerts.domain.events import (
    Accepted,
    AlertEvent,
    Cancelled,
    Closed,
    ContactMade,
    Declined,
    Escalated,
    Lapsed,
    Offered,
    Postponed,
    Raised,
    SentOutside,
    Withdrawn,
)
from services.alerts.domain.signals import Signal
from services.alerts.domain.tiers import offer_stands
from shared.errors import wrong_state
from shared.events.alerts import Tier

Events = tuple[AlertEvent, ...]


def raise_alert(
    alert: UUID,
    member: UUID,
    tier: Tier,
    signals: tuple[Signal, ...],
    trigger: UUID,
    reporter: UUID | None,
    at: datetime,
    other_reporters: tuple[UUID, ...] = (),
) -> Raised:
    return Raised(
        originator_id=alert,
        originator_version=1,
        at=at,
        member=member,
        tier=tier,
        signals=signals,
        trigger=trigger,
        reporter=reporter,
        other_reporters=other_reporters,
    )


def offer_next(alert: Alert, eligible: Sequence[UUID], at: datetime) -> Events:
    """The best of the eligible is asked; where there is nobody, the outside route takes it."""
    if not alert.is_waiting:
        return ()
    if eligible:
        return numbered(alert, [_offer(alert, eligible[0], at)])
    return send_outside(alert, at)


def escalate(alert: Alert, eligible: Sequence[UUID], step: str, at: datetime) -> Events:
    """Others are asked beside those who haven't answered; these are told."""
    if not alert.is_waiting:
        return ()
    if not eligible:
        return send_outside(alert, at)
    return numbered(alert, [Escalated(originator_id=alert.id, at=at, step=step), _offer(alert, eligible[0], at)])


def send_outside(alert: Alert, at: datetime) -> Events:
    if not alert.is_waiting or alert.state is State.OUTSIDE:
        return ()
    return numbered(alert, [SentOutside(originator_id=alert.id, at=at)])


def look_again(alert: Alert, eligible: Sequence[UUID], at: datetime) -> Events:
    """While on the outside route: whoever became eligible is asked, unless an offer is still fresh."""
    return offer_next(alert, eligible, at) if eligible and not _is_with_somebody(alert, at) else ()


def accept(alert: Alert, supporter: UUID, at: datetime) -> Events:
    """The alert is theirs; everybody else's open offer is withdrawn."""
    _require_open_offer(alert, supporter)
    others = [offer for offer in alert.open_offers if offer.supporter != supporter]
    accepted = Accepted(originator_id=alert.id, at=at, supporter=supporter)
    return numbered(alert, [accepted, *withdrawals(alert, others, at)])


def decline(alert: Alert, supporter: UUID, eligible: Sequence[UUID], at: datetime) -> Events:
    """They are not asked about this alert again; the next one is asked at once."""
    _require_open_offer(alert, supporter)
    return _and_next(alert, [Declined(originator_id=alert.id, at=at, supporter=supporter)], eligible, at)


def postpone(alert: Alert, supporter: UUID, eligible: Sequence[UUID], at: datetime) -> Events:
    """As declining, for now."""
    _require_open_offer(alert, supporter)
    return _and_next(alert, [Postponed(originator_id=alert.id, at=at, supporter=supporter)], eligible, at)


def take_back(alert: Alert, supporter: UUID, eligible: Sequence[UUID], at: datetime) -> Events:
    """Their endpoint is gone, so an offer to them reaches nobody: the next one is asked at once."""
    offer = alert.offer_to(supporter)
    if not alert.is_waiting or offer is None or offer.state is not OfferState.OPEN:
        return ()
    return _and_next(alert, withdrawals(alert, [offer], at), eligible, at)


def lapse(alert: Alert, at: datetime) -> Events:
    """Nobody got in touch: the outside route has it at once, and whoever is eligible is asked within a second."""
    if alert.state is not State.ACCEPTED or alert.accepted_by is None:
        return ()
    lapsed = Lapsed(originator_id=alert.id, at=at, supporter=alert.accepted_by)
    return numbered(alert, [lapsed, SentOutside(originator_id=alert.id, at=at)])


def record_contact(alert: Alert, supporter: UUID, at: datetime) -> Events:
    _require_accepted_by(alert, supporter)
    if alert.state is State.CONTACTED:
        raise wrong_state("Contact was recorded already.")
    return numbered(alert, [ContactMade(originator_id=alert.id, at=at, supporter=supporter)])


def close(alert: Alert, supporter: UUID | None, at: datetime) -> Events:
    """By the supporter who accepted it; by a clinical lead or an admin (None) at any time before its end."""
    if supporter is not None:
        _require_accepted_by(alert, supporter)
    return _end(alert, Closed(originator_id=alert.id, at=at), at)


def cancel(alert: Alert, at: datetime) -> Events:
    """The member wants none of it any more."""
    return _end(alert, Cancelled(originator_id=alert.id, at=at), at)


def _end(alert: Alert, ending: AlertEvent, at: datetime) -> Events:
    if alert.has_ended:
        raise wrong_state(f"The alert is {alert.state} already.")
    return numbered(alert, [*withdrawals(alert, alert.open_offers, at), ending])


def _and_next(alert: Alert, events: Sequence[AlertEvent], eligible: Sequence[UUID], at: datetime) -> Events:
    done = numbered(alert, events)
    then = after(alert, done)
    return done if not eligible and _is_with_somebody(then, at) else (*done, *offer_next(then, eligible, at))


def _is_with_somebody(alert: Alert, at: datetime) -> bool:
    """Whether an open offer is still within its time."""
    return any(offer.expires_at > at for offer in alert.open_offers)


def _require_open_offer(alert: Alert, supporter: UUID) -> None:
    if not alert.is_waiting:
        raise wrong_state(f"The alert is {alert.state} already.")
    offer = alert.offer_to(supporter)
    if offer is None or offer.state is not OfferState.OPEN:
        raise wrong_state("There is no open offer of this alert to this supporter.")


def _require_accepted_by(alert: Alert, supporter: UUID) -> None:
    if alert.has_ended:
        raise wrong_state(f"The alert is {alert.state} already.")
    if alert.accepted_by != supporter:
        raise wrong_state("Only the supporter who accepted the alert can do this.")


def _offer(alert: Alert, supporter: UUID, at: datetime) -> Offered:
    return Offered(originator_id=alert.id, at=at, supporter=supporter, expires_at=at + offer_stands(alert.tier))


def withdrawals(alert: Alert, offers: Iterable[Offer], at: datetime) -> list[AlertEvent]:
    """Each of these offers is taken back."""
    return [Withdrawn(originator_id=alert.id, at=at, supporter=offer.supporter) for offer in offers]


def numbered(alert: Alert, events: Iterable[AlertEvent]) -> Events:
    """The complete decision: the events that follow in a row on what the alert went through before."""
    versions = enumerate(events, alert.version + 1)
    return tuple(msgspec.structs.replace(event, originator_version=version) for version, event in versions)
