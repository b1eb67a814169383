"""The view of members: a pure fold of the events of checkins, and what it calls upon to be done."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from services.alerts.domain.detectors import PERSONS_JUDGEMENT, Observed, detect
from services.alerts.domain.members import Member
from services.alerts.domain.signals import Signal
from services.alerts.domain.tiers import needs_a_supporter, tier_of
from services.alerts.views import member_rows
from shared.events.alerts import Tier
from shared.events.checkins import (
    CheckInRecorded,
    ConsentChanged,
    DistressFlagged,
    MemberEnrolled,
    MemberErased,
    MemberEvent,
    MemberMoved,
)
from shared.events.contract import PublicEvent
from shared.projection.view import View

ALERTS = UUID("6c1f1ad0-5a1e-5a0c-9f3e-6b7d1c2e8a41")
"""The name space of alert ids: an event raises the same alert at every reading."""

GROUPED_FOR = timedelta(hours=24)
"""For so long after an alert the cut-offs raise no other about the same member (our default)."""


@dataclass(frozen=True)
class Concern:
    """Somebody should be asked to get in touch with this member."""

    alert: UUID
    member: UUID
    tier: Tier
    signals: tuple[Signal, ...]
    trigger: UUID
    reporter: UUID | None = None


@dataclass(frozen=True)
class Farewell:
    """The member was erased: what is open about them ends, and they are asked for nothing any more."""

    member: UUID


Effect = Concern | Farewell


def key_of(event: PublicEvent) -> tuple[UUID] | None:
    return (event.member,) if isinstance(event, MemberEvent) else None


def fold(before: Member | None, event: PublicEvent) -> tuple[Member | None, Sequence[Effect]]:
    """The member after the event, and what follows from it. An event that doesn't matter here changes nothing."""
    assert isinstance(event, MemberEvent), "the key of every other event is None"
    state = before or Member(event.member)
    then, effects = _fold(state, event)
    return (before if then is state else then), effects


def _fold(state: Member, event: MemberEvent) -> tuple[Member, Sequence[Effect]]:
    if state.erased:
        return state, ()
    match event:
        case MemberEnrolled():
            return _placed(replace(_agreed(state, event), known=True), event), ()
        case MemberMoved():
            return _placed(state, event), ()
        case ConsentChanged():
            return _agreed(state, event), ()
        case MemberErased():
            return _erased(state), (Farewell(state.id),)
        case CheckInRecorded() | DistressFlagged():
            return _observed(state, event)
    return state, ()


def _placed(state: Member, event: MemberEnrolled | MemberMoved) -> Member:
    return replace(state, manager=event.manager, languages=event.languages)


def _agreed(state: Member, event: MemberEnrolled | ConsentChanged) -> Member:
    return replace(state, analytics=event.consents.analytics, contact=event.consents.contact)


def _erased(state: Member) -> Member:
    """The line to their manager stays: without it their reports' chain would be unknown and nobody could help them."""
    return Member(state.id, known=state.known, erased=True, manager=state.manager)


def _observed(state: Member, event: Observed) -> tuple[Member, Sequence[Effect]]:
    signals = detect(state, event)
    tier, at = tier_of(signals), _event_time(event)
    if not needs_a_supporter(tier) or (_is_recent(state, at) and not _says_a_person(signals)):
        return state, ()
    last = max(at, state.last_alert_at or at)
    return replace(state, last_alert_at=last), (_concern(event, tier, signals),)


def _event_time(event: Observed) -> datetime:
    return event.recorded_at if isinstance(event, CheckInRecorded) else event.occurred_at


def _is_recent(state: Member, at: datetime) -> bool:
    return state.last_alert_at is not None and at < state.last_alert_at + GROUPED_FOR


def _says_a_person(signals: Sequence[Signal]) -> bool:
    return any(signal.detector in PERSONS_JUDGEMENT for signal in signals)


def _concern(event: Observed, tier: Tier, signals: tuple[Signal, ...]) -> Concern:
    if isinstance(event, DistressFlagged):
        return Concern(alert_of(event.flag), event.member, tier, signals, event.flag, event.reporter)
    return Concern(alert_of(event.check_in), event.member, tier, signals, event.check_in)


def alert_of(trigger: UUID) -> UUID:
    """The id of the alert that a check-in or a flag raises."""
    return uuid5(ALERTS, str(trigger))


VIEW = View(
    name="members",
    version=1,
    topic="checkins.events",
    key={"member": "uuid"},
    columns={
        "known": "boolean",
        "erased": "boolean",
        "manager": "uuid",
        "languages": "text",
        "analytics": "boolean",
        "contact": "boolean",
        "last_alert_at": "timestamptz",
    },
    key_of=key_of,
    fold=fold,
    to_row=member_rows.row_of,
    from_row=member_rows.member_of,
)
