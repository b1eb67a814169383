"""What becomes of an alert when the consent on which it stands is withdrawn, and the one exception: danger.

Consent to contact carries every alert, consent to analysis those that nobody asked for while nobody has taken them. What
a clinical lead decided stands without either until the alert's end.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from services.alerts.domain.alert import Alert, OfferState, after
from services.alerts.domain.events import ConsentWithdrawn, DangerDecided, Ground, Reopened
from services.alerts.domain.members import Consent
from services.alerts.domain.signals import says_a_person
from services.alerts.domain.steps import Events, numbered, offer_next, withdrawals
from shared.errors import wrong_state

REOPENED_WITHIN = timedelta(hours=24)
"""So long after a withdrawal danger may still open the alert again (our default)."""

HELD = frozenset({OfferState.OPEN, OfferState.ACCEPTED})


def withdraw_consent(alert: Alert, consents: Collection[Consent], at: datetime) -> Events:
    """The alert ends where it stood on one of these consents: nobody is asked about it, and nobody has it, any more."""
    consent = next((each for each, stands in STANDS_ON.items() if each in consents and stands(alert)), None)
    if consent is None or alert.has_ended or alert.in_danger:
        return ()
    held = [offer for offer in alert.offers if offer.state in HELD]
    return numbered(alert, [*withdrawals(alert, held, at), ConsentWithdrawn(originator_id=alert.id, at=at, consent=consent)])


def decide_danger(alert: Alert, by: UUID, ground: Ground, eligible: Sequence[UUID], at: datetime) -> Events:
    """An open alert goes on whatever is withdrawn; one that was just withdrawn is opened again and offered as at first."""
    if alert.in_danger:
        raise wrong_state("This was decided already.")
    decided = DangerDecided(originator_id=alert.id, at=at, by=by, ground=ground)
    if not alert.has_ended:
        return numbered(alert, [decided])
    if alert.withdrawn_at is None or at >= alert.withdrawn_at + REOPENED_WITHIN:
        raise wrong_state(f"The alert is {alert.state} already.")
    opened = numbered(alert, [decided, Reopened(originator_id=alert.id, at=at)])
    return (*opened, *offer_next(after(alert, opened), eligible, at))


def require_no_danger(alert: Alert) -> None:
    """Raises a 409 Problem where a decision would be undone by cancelling: then the exception would be one in name only."""
    if alert.in_danger and not alert.has_ended:
        raise wrong_state("A clinical lead decided that somebody is in danger; it ends when it is closed.")


STANDS_ON: dict[Consent, Callable[[Alert], bool]] = {
    Consent.CONTACT: lambda alert: True,
    Consent.ANALYTICS: lambda alert: alert.is_waiting and not says_a_person(alert.signals),
}
"""Whether an alert stands on a consent; the stronger one first."""
