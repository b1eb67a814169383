"""Which alerts another rule set would have raised on history, and which not. Pure: events in, a comparison out."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.alerts.domain.members import Member
from services.alerts.domain.rules import RuleSet
from services.alerts.domain.signals import Signal
from services.alerts.views.members import Concern, event_time, key_of, members_view
from shared.events import PublicEvent
from shared.events.alerts import Tier


class Outcome(StrEnum):
    """What the changed rules do to an alert."""

    SAME = "same"
    ONLY_TODAY = "only_today"
    ONLY_CHANGED = "only_changed"
    TIER_CHANGED = "tier_changed"


@dataclass(frozen=True)
class Span:
    """start <= t < stop; a None is open."""

    start: datetime | None = None
    stop: datetime | None = None

    def __contains__(self, at: datetime) -> bool:
        return (self.start is None or self.start <= at) and (self.stop is None or at < self.stop)


@dataclass(frozen=True)
class Raised:
    """An alert as one rule set raises it. Whom it is about isn't kept: nobody who compares rules needs it."""

    tier: Tier
    signals: tuple[Signal, ...]


@dataclass(frozen=True)
class Pair:
    """One alert by both rule sets; None where it isn't raised. At least one of them raises it."""

    alert: UUID
    before: Raised | None
    after: Raised | None

    @property
    def outcome(self) -> Outcome:
        if self.after is None:
            return Outcome.ONLY_TODAY
        if self.before is None:
            return Outcome.ONLY_CHANGED
        return Outcome.SAME if self.before.tier == self.after.tier else Outcome.TIER_CHANGED


@dataclass(frozen=True)
class Totals:
    """Alerts by tier: what each rule set raises, and what becomes of them."""

    today: Counter[Tier]
    changed: Counter[Tier]
    same: Counter[Tier]
    only_today: Counter[Tier]
    only_changed: Counter[Tier]
    tier_changed: Counter[tuple[Tier, Tier]]


class WhatIf:
    """Folds the same events by two rule sets, each over states of its own, and keeps what either raises within the span.

    Each side takes what it was given before as its past, so events must come from the first one on, a member's in order.
    """

    def __init__(self, today: RuleSet, changed: RuleSet, reported: Span = Span()) -> None:
        self._today, self._changed = _Side(today), _Side(changed)
        self._reported = reported

    def take(self, events: Iterable[PublicEvent]) -> None:
        for event in events:
            if key_of(event) is not None:
                told = event_time(event) in self._reported
                self._today.take(event, told)
                self._changed.take(event, told)

    def pairs(self) -> list[Pair]:
        """Every alert that either raises, today's first, in the order of their events partition by partition."""
        before, after = self._today.raised, self._changed.raised
        return [Pair(alert, before.get(alert), after.get(alert)) for alert in before | after]


def totals_of(pairs: Iterable[Pair]) -> Totals:
    totals = Totals(Counter(), Counter(), Counter(), Counter(), Counter(), Counter())
    for pair in pairs:
        if pair.before:
            totals.today[pair.before.tier] += 1
        if pair.after:
            totals.changed[pair.after.tier] += 1
        match pair.before, pair.after:
            case Raised(tier=one), Raised(tier=other) if one != other:
                totals.tier_changed[one, other] += 1
            case Raised(tier=one), Raised():
                totals.same[one] += 1
            case Raised(tier=one), None:
                totals.only_today[one] += 1
            case None, Raised(tier=other):
                totals.only_changed[other] += 1
    return totals


@dataclass
class _Side:
    rules: RuleSet
    raised: dict[UUID, Raised] = field(default_factory=dict)
    _states: dict[UUID, Member] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._fold = members_view(self.rules).fold

    def take(self, event: PublicEvent, told: bool) -> None:
        before = self._states.get(event.subject)
        state, effects = self._fold(before, event)
        if state is not None and state is not before:
            self._states[event.subject] = state
        for effect in effects:
            if told and isinstance(effect, Concern):  # one trigger's alert is raised once, however often it is told of
                self.raised.setdefault(effect.alert, Raised(effect.tier, effect.signals))
