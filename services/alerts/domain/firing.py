"""What happens to an alert when one of its timers is due."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.alerts.domain.alert import Alert
from services.alerts.domain.eligibility import CLINICAL_LEAD, Pool, eligible, recused
from services.alerts.domain.steps import Events, escalate, lapse, look_again, offer_next, send_outside, take_back
from services.alerts.domain.timers import Kind, Timer


def fire(alert: Alert, timer: Timer, pool: Pool, delivered: bool, at: datetime) -> Events:
    """The events that follow; none where the alert went on in the meantime. `delivered`: the timer's offer got its 2xx."""
    match timer.kind:
        case Kind.UNDELIVERED if not delivered and _is_latest_offer(alert, timer):
            return offer_next(alert, eligible(pool, alert, at), at)
        case Kind.UNANSWERED if _is_latest_offer(alert, timer):
            return escalate(alert, eligible(pool, alert, at), timer.kind, at)
        case Kind.LEAD:
            leads = eligible(pool, alert, at, CLINICAL_LEAD)
            return escalate(alert, leads, timer.kind, at) if leads else ()
        case Kind.OUTSIDE:
            return send_outside(alert, at)
        case Kind.LOOK_AGAIN if looks_go_on(alert, timer):
            return look_again(alert, eligible(pool, alert, at), at)
        case Kind.NO_CONTACT:
            return lapse(alert, at)
        case Kind.UNREACHABLE:
            return _reroute(alert, timer, pool, at)
        case Kind.RECUSED:
            return _take_from_recused(alert, timer, pool, at)
    return ()


def looks_go_on(alert: Alert, timer: Timer) -> bool:
    """Whether this chain of looks for somebody is the one of the alert's last way outside."""
    return timer.kind is Kind.LOOK_AGAIN and alert.is_waiting and alert.outside_since == timer.sequence


def _reroute(alert: Alert, timer: Timer, pool: Pool, at: datetime) -> Events:
    """The offer's supporter has no endpoint left: the offer is taken back, and the next one is asked."""
    supporter = _supporter_of(alert, timer)
    if supporter is None or pool.endpoints_of(supporter):
        return ()
    return take_back(alert, supporter, eligible(pool, alert, at), at)


def _take_from_recused(alert: Alert, timer: Timer, pool: Pool, at: datetime) -> Events:
    """An offer is taken back, and what they accepted too as long as they have made no contact; nothing where they aren't kept
    apart any more."""
    supporter = _supporter_of(alert, timer)
    if supporter is None or not recused(pool, alert, supporter):
        return ()
    if alert.accepted_by == supporter:
        return lapse(alert, at)
    return take_back(alert, supporter, eligible(pool, alert, at), at)


def _supporter_of(alert: Alert, timer: Timer) -> UUID | None:
    return next((offer.supporter for offer in alert.offers if offer.sequence == timer.sequence), None)


def _is_latest_offer(alert: Alert, timer: Timer) -> bool:
    """Whether nobody was asked after them who still may answer: else those are waited for."""
    open_sequences: Sequence[int] = [offer.sequence for offer in alert.open_offers]
    return timer.sequence in open_sequences and timer.sequence == max(open_sequences)
