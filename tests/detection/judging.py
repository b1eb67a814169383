"""What the product makes of a row of days, beside the plain ways of doing it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import fmean, pstdev
from typing import Any
from uuid import UUID

from services.alerts.domain.detection.days import Said
from services.alerts.domain.detection.ranking import ranked, standing
from services.alerts.domain.detectors import detect
from services.alerts.domain.members import Member
from services.alerts.domain.rules import RuleSet
from services.alerts.domain.tiers import tier_of
from services.alerts.domain.watching import watched
from shared.events.alerts import Tier
from shared.events.checkins import CheckInRecorded

AGREED = Member(UUID(int=1), known=True, analytics=True, contact=True)
CALLS = (Tier.ORANGE, Tier.RED)


@dataclass(frozen=True)
class Judged:
    date: int
    tier: Tier
    points: float
    detectors: frozenset[str]

    @property
    def calls(self) -> bool:
        return self.tier in CALLS


@dataclass
class Judge:
    """One member, day by day, by these rules."""

    rules: RuleSet
    member: Member = AGREED
    judged: list[Judged] = field(default_factory=list)

    def hear(self, said: Said) -> Judged:
        event = check_in_of(said)
        self.member = watched(self.rules, self.member, event, _day(said.date))
        signals = detect(self.rules, self.member, event)
        points = ranked(signals, standing(self.member.history), self.rules.tiers)
        found = frozenset(signal.detector for signal in signals)
        self.judged.append(Judged(said.date, tier_of(signals, self.rules.tiers), points, found))
        return self.judged[-1]


def judged(rules: RuleSet, days: Iterable[Said]) -> list[Judged]:
    judge = Judge(rules)
    return [judge.hear(said) for said in days]


def check_in_of(said: Said) -> CheckInRecorded:
    values: dict[str, Any] = {"mood": said.mood, "energy": said.energy, "stress": said.stress}
    return CheckInRecorded.model_construct(**values, wants_contact=False)


def _day(ordinal: int) -> date:
    return date.fromordinal(ordinal)


def level(said: Said) -> float:
    """Up is worse."""
    told = [said.mood, said.energy, None if said.stress is None else 6 - said.stress]
    return -fmean(value for value in told if value is not None)


def levels(days: Sequence[Said]) -> list[float]:
    return [level(said) for said in days]


FIRST = 5


def plain_z(days: Sequence[Said]) -> list[float]:
    """Each day's level against the mean and standard deviation of all days before it; 0 until there are five."""
    found = levels(days)
    return [_z(value, found[:n]) for n, value in enumerate(found)]


def shewhart(days: Sequence[Said]) -> list[float]:
    """A Shewhart chart: 1 on a day whose z is above 3, 0 otherwise."""
    return [float(z > 3) for z in plain_z(days)]


def _z(value: float, past: Sequence[float]) -> float:
    if len(past) < FIRST:
        return 0.0
    return (value - fmean(past)) / max(pstdev(past), 0.3)


def auc(high: Sequence[float], low: Sequence[float]) -> float:
    """The chance that one of `high` is above one of `low`; ties count half."""
    wins = sum((one > other) + (one == other) / 2 for one in high for other in low)
    return wins / (len(high) * len(low))


PLAIN: dict[str, Callable[[Sequence[Said]], list[float]]] = {"level alone": levels, "plain z": plain_z, "Shewhart": shewhart}
