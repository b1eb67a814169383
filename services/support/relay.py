"""From support's stored events to its public contract, and nothing else: neither text nor anybody passes here."""

from services.support import domain
from shared.events import PublicEvent, support
from shared.store.events import PrivateEvent

TOPIC = "support.events"


def translate(event: PrivateEvent) -> PublicEvent | None:
    """The public event of a stored one; None where it is nobody else's business."""
    request, at = event.originator_id, event.at
    match event:
        case domain.RequestMade():
            kind = support.Kind(event.kind)
            return support.SupportRequested(occurred_at=at, request=request, kind=kind, pseudonymous=event.pseudonymous)
        case domain.MessageSent() if event.supporter:
            return support.SupportAnswered(occurred_at=at, request=request)
        case domain.RequestClosed():
            return support.SupportRequestClosed(occurred_at=at, request=request)
    return None
