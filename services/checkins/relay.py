"""From checkins' stored events to its public contract, and nothing else: neither notes nor names pass here."""

from typing import Any

from services.checkins import domain
from services.checkins.domain.language import Finding
from shared.events import PublicEvent, checkins
from shared.store.events import PrivateEvent

TOPIC = "checkins.events"


def translate(event: PrivateEvent) -> PublicEvent | None:
    """The public event of a stored one; None where it is nobody else's business."""
    match event:
        case domain.CheckInRecorded():
            return checkins.CheckInRecorded(
                occurred_at=event.at,
                member=event.member,
                check_in=event.originator_id,
                recorded_at=event.recorded_at,
                mood=event.mood,
                energy=event.energy,
                stress=event.stress,
                wants_contact=event.wants_contact,
                findings=tuple(_finding(found) for found in event.findings),
            )
        case domain.DistressFlagged():
            return checkins.DistressFlagged(
                occurred_at=event.at,
                member=event.member,
                flag=event.originator_id,
                signs=tuple(checkins.Sign(sign) for sign in event.signs),
                reporter=event.reporter,
                urgent=event.urgent,
            )
        case domain.MemberEnrolled():
            return checkins.MemberEnrolled(
                occurred_at=event.at,
                member=event.originator_id,
                consents=_consents(event.consents),
                **_place(event.place),
            )
        case domain.MemberMoved():
            return checkins.MemberMoved(occurred_at=event.at, member=event.originator_id, **_place(event.place))
        case domain.ConsentsChanged():
            consents = _consents(event.consents)
            return checkins.ConsentChanged(occurred_at=event.at, member=event.originator_id, consents=consents)
        case domain.MemberErased():
            return checkins.MemberErased(occurred_at=event.at, member=event.originator_id)
    return None


def _finding(found: Finding) -> checkins.NoteFinding:
    category = checkins.NoteCategory(found.category)
    return checkins.NoteFinding(category=category, rule=found.rule, rules_version=found.rules_version, weight=found.weight)


def _consents(consents: domain.member.Consented) -> checkins.Consents:
    return checkins.Consents(analytics=consents.analytics, text=consents.text, contact=consents.contact)


def _place(place: domain.Place) -> dict[str, Any]:
    return {name: getattr(place, name) for name in ("team", "manager", "timezone", "country", "languages")}
