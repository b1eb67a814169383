"""The view of members: a pure fold of the events of checkins by a rule set, and what it calls upon to be done."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID, uuid5

from services.alerts.domain.detection.history import History
from services.alerts.domain.detectors import Observed, detect
from services.alerts.domain.members import Consent, Member
from services.alerts.domain.rules import RuleSet, read_rules
from services.alerts.domain.signals import Signal, says_a_person
from services.alerts.domain.tiers import needs_a_supporter, tier_of
from services.alerts.domain.watching import watched
from services.alerts.views import member_rows
from services.alerts.views.own_days import own_day
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
from shared.store.erasures import Erased

ALERTS = UUID("6c1f1ad0-5a1e-5a0c-9f3e-6b7d1c2e8a41")
"""The name space of alert ids: an event raises the same alert at every reading."""

SHIPPED = read_rules((Path(__file__).parents[1] / "rules.yaml").read_bytes())
"""Today's rules: part of the release, like the code that they are read by."""


@dataclass(frozen=True)
class Concern:
    """Somebody should be asked to get in touch with this member."""

    alert: UUID
    member: UUID
    tier: Tier
    signals: tuple[Signal, ...]
    trigger: UUID
    reporter: UUID | None = None
    other_reporters: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class Revocation:
    """The member withdrew a consent: what is open about them and stands on it ends."""

    member: UUID
    consent: Consent


Effect = Concern | Erased | Revocation
"""Of who was erased, what is open ends, and they are asked for nothing any more."""


def key_of(event: PublicEvent) -> tuple[UUID] | None:
    return (event.member,) if isinstance(event, MemberEvent) else None


def fold(rules: RuleSet, before: Member | None, event: PublicEvent) -> tuple[Member | None, Sequence[Effect]]:
    """The member after the event, and what follows from it. An event that doesn't matter here changes nothing."""
    assert isinstance(event, MemberEvent), "the key of every other event is None"
    state = before or Member(event.member)
    then, effects = _fold(rules, state, event)
    return (before if then is state else then), effects


def _fold(rules: RuleSet, state: Member, event: MemberEvent) -> tuple[Member, Sequence[Effect]]:
    if state.erased and not isinstance(event, MemberErased):
        return state, ()
    match event:
        case MemberEnrolled():
            return _placed(replace(_agreed(state, event), known=True), event), ()
        case MemberMoved():
            return _placed(state, event), ()
        case ConsentChanged():
            return _reconsidered(state, event)
        case MemberErased():
            return _erased(state), (Erased(state.id, event.occurred_at),)
        case CheckInRecorded() | DistressFlagged():
            return _observed(rules, state, event)
    return state, ()


def _placed(state: Member, event: MemberEnrolled | MemberMoved) -> Member:
    return replace(state, manager=event.manager, languages=event.languages, timezone=event.timezone)


def _agreed(state: Member, event: MemberEnrolled | ConsentChanged) -> Member:
    agreed = replace(state, analytics=event.consents.analytics, contact=event.consents.contact)
    return agreed if agreed.may_be_analysed else replace(agreed, last_alert_at=None, history=History(), reports=())


def _reconsidered(state: Member, event: ConsentChanged) -> tuple[Member, Sequence[Effect]]:
    """Only what was agreed to is withdrawn: who asked for a person without it, and changes another consent, is still heard."""
    then = _agreed(state, event)
    return then, [Revocation(state.id, consent) for consent in sorted(state.agreed - then.agreed)]


def _erased(state: Member) -> Member:
    """The line to their manager stays: without it their reports' chain would be unknown and nobody could help them."""
    return Member(state.id, known=state.known, erased=True, manager=state.manager)


def _observed(rules: RuleSet, state: Member, event: Observed) -> tuple[Member, Sequence[Effect]]:
    at = event_time(event)
    then = watched(rules, state, event, own_day(at, state.timezone))
    signals = detect(rules, then, event)
    tier = tier_of(signals, rules.tiers)
    if not needs_a_supporter(tier) or (_is_recent(rules, state, at) and _adds_nothing(tier, signals)):
        return then, ()
    last = max(at, state.last_alert_at or at) if state.may_be_analysed else None
    concern = _concern(event, tier, signals, then)
    return replace(then, last_alert_at=last, reports=() if isinstance(event, DistressFlagged) else then.reports), (concern,)


def event_time(event: PublicEvent) -> datetime:
    """When it was so: a check-in may be told of later than it was recorded."""
    return event.recorded_at if isinstance(event, CheckInRecorded) else event.occurred_at


def _adds_nothing(tier: Tier, signals: tuple[Signal, ...]) -> bool:
    """To an alert of the same day: nobody asked, and it is not minutes that count."""
    return tier is not Tier.RED and not says_a_person(signals)


def _is_recent(rules: RuleSet, state: Member, at: datetime) -> bool:
    return state.last_alert_at is not None and at < state.last_alert_at + rules.grouped_for


def _concern(event: Observed, tier: Tier, signals: tuple[Signal, ...], state: Member) -> Concern:
    if isinstance(event, DistressFlagged):
        others = tuple(one.reporter for one in state.reports if one.reporter not in (None, event.reporter))
        return Concern(alert_of(event.flag), event.member, tier, signals, event.flag, event.reporter, others)
    return Concern(alert_of(event.check_in), event.member, tier, signals, event.check_in)


def alert_of(trigger: UUID) -> UUID:
    """The id of the alert that a check-in or a flag raises."""
    return uuid5(ALERTS, str(trigger))


def members_view(rules: RuleSet) -> View[Member]:
    """The view by these rules. Only the shipped ones may be followed live: its states depend on them."""
    return View(
        name="members",
        version=3,
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
            "timezone": "text",
            "history": "bytea",
            "reports": "bytea",
        },
        key_of=key_of,
        fold=partial(fold, rules),
        to_row=member_rows.row_of,
        from_row=member_rows.member_of,
        subject="member",
        blanked=member_rows.BLANKED,
    )


VIEW = members_view(SHIPPED)
