"""From alerts' stored events to its public contract, and nothing else: whom an alert is about never passes here."""

from services.alerts.domain import events
from shared.events import PublicEvent, alerts
from shared.store.events import PrivateEvent

TOPIC = "alerts.events"


def translate(event: PrivateEvent) -> PublicEvent | None:
    """The public event of a stored one; None where it is nobody else's business."""
    alert, at = event.originator_id, event.at
    match event:
        case events.Raised():
            signals = tuple(alerts.SignalPoints(detector=one.detector, points=one.points) for one in event.signals)
            return alerts.AlertRaised(occurred_at=at, alert=alert, tier=event.tier, signals=signals)
        case events.Offered():
            return alerts.AlertOffered(
                occurred_at=at,
                alert=alert,
                supporter=event.supporter,
                sequence=event.originator_version,
                expires_at=event.expires_at,
            )
        case events.Declined() | events.Postponed():
            return alerts.AlertDeclined(occurred_at=at, alert=alert, supporter=event.supporter)
        case events.Accepted():
            return alerts.AlertAccepted(occurred_at=at, alert=alert, supporter=event.supporter)
        case events.Lapsed():
            return alerts.AlertLapsed(occurred_at=at, alert=alert, supporter=event.supporter)
        case events.SentOutside():
            return alerts.AlertSentOutside(occurred_at=at, alert=alert)
        case events.Closed() | events.Cancelled() | events.ConsentWithdrawn():
            return alerts.AlertClosed(occurred_at=at, alert=alert)
        case events.Reopened():
            return alerts.AlertReopened(occurred_at=at, alert=alert)
    return None
