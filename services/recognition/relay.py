"""From recognition's stored events to its public contract, and nothing else: no message passes here."""

from services.recognition import domain
from shared.events import PublicEvent, recognition
from shared.store.events import PrivateEvent

TOPIC = "recognition.events"


def translate(event: PrivateEvent) -> PublicEvent | None:
    """The public event of a stored one. Kudos carry the time they were meant, so that every reader counts by event time."""
    match event:
        case domain.KudosGiven():
            return recognition.KudosGiven(
                occurred_at=event.given_at,
                kudos=event.originator_id,
                giver=event.giver,
                receivers=event.receivers,
                category=recognition.Category(event.category),
                points=event.points,
            )
        case domain.BoardOptedIn():
            return recognition.BoardOptedIn(occurred_at=event.at, member=event.member)
        case domain.BoardOptedOut():
            return recognition.BoardOptedOut(occurred_at=event.at, member=event.member)
    return None
