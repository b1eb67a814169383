"""How often simulated members are called about for nothing, and how soon when their days get worse and stay so."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median

import msgspec

from services.alerts.domain.detection.days import Said
from services.alerts.domain.rules import RuleSet
from services.alerts.views.members import SHIPPED
from shared.events.alerts import Tier
from tests.detection.judging import PLAIN, Judged, auc, judged, plain_z
from tests.detection.simulated import MONDAY, Drop, Kind, Simulated

YEAR = 365
WITHIN = 14
BEGINS = (28, 120)
"""A drop begins on a day between these."""
LASTS = (7, 14, 28)
"""Days that drops last which end again; whose days are held against the same person's others."""
Rule = Callable[[Sequence[Said]], list[Judged]]


@dataclass
class Figures:
    """Of members of one or more kinds: how often they were called about in a year without a drop, and after how many days
    in one (None where not within 14)."""

    years: int = 0
    false_calls: int = 0
    yellow_days: int = 0
    delays: list[int | None] = field(default_factory=list)

    @property
    def calls_a_year(self) -> float:
        return self.false_calls / self.years

    @property
    def found(self) -> float:
        return sum(delay is not None for delay in self.delays) / len(self.delays)

    @property
    def delay(self) -> float:
        """The median of those that were found."""
        return median(delay for delay in self.delays if delay is not None) if self.found else float("nan")

    def add(self, other: Figures) -> None:
        self.years += other.years
        self.false_calls += other.false_calls
        self.yellow_days += other.yellow_days
        self.delays += other.delays

    def __str__(self) -> str:
        calls, yellow = f"{self.calls_a_year:10.2f}", f"{self.yellow_days / self.years:11.1f}"
        return f"{calls}{yellow}{100 * self.found:9.0f} %{self.delay:10.0f}"


HEADING = "    calls/yr  yellow/yr  found in 14 d  delay"


def figures(kind: Kind, seeds: Sequence[int], rule: Rule) -> Figures:
    """A year without and a drop of each of these members."""
    found = Figures()
    for seed in seeds:
        days = rule(list(Simulated(kind, _chance(kind, seed, "year")).days(YEAR)))
        found.years += 1
        found.false_calls += len({day.date for day in days if day.calls})
        found.yellow_days += len({day.date for day in days if day.tier == "yellow"})
        found.delays.append(_delay(kind, _chance(kind, seed, "drop"), rule))
    return found


def _chance(kind: Kind, seed: int, what: str) -> random.Random:
    """One for each: members of two kinds have nothing in common."""
    return random.Random(f"{kind} {seed} {what}")


def _delay(kind: Kind, chance: random.Random, rule: Rule) -> int | None:
    """Days from the first of the drop to the first on which somebody is called, counted from 1."""
    drop = Drop(chance.randint(*BEGINS))
    days = rule(list(Simulated(kind, chance).days(drop.first + WITHIN, drop)))
    called = [day.date - MONDAY - drop.first + 1 for day in days if day.calls and day.date - MONDAY in drop]
    return min(called, default=None)


def by_rules(rules: RuleSet = SHIPPED) -> Rule:
    return lambda days: judged(rules, days)


def without(*detectors: str) -> RuleSet:
    """The shipped rules, these detectors switched off."""
    return msgspec.structs.replace(SHIPPED, points=msgspec.structs.replace(SHIPPED.points, **dict.fromkeys(detectors, 0)))


def with_charts(**values: float) -> RuleSet:
    charts = msgspec.structs.replace(SHIPPED.change.charts, **values)
    return msgspec.structs.replace(SHIPPED, change=msgspec.structs.replace(SHIPPED.change, charts=charts))


def by_shewhart(limit: float) -> Rule:
    """Called on a day whose plain z passes the limit, once in 14 days, after 14 days of history: what is held against."""

    def rule(days: Sequence[Said]) -> list[Judged]:
        found, called = [], -WITHIN
        for n, (said, z) in enumerate(zip(days, plain_z(days), strict=True)):
            calls = n >= SHIPPED.change.usual.days and z > limit and said.date - called >= WITHIN
            called = said.date if calls else called
            tier = Tier.ORANGE if calls else Tier.GREEN
            found.append(Judged(said.date, tier, z, frozenset()))
        return found

    return rule


def aucs(kind: Kind, seeds: Sequence[int], lasts: int) -> Mapping[str, float]:
    """Days of a drop that ends again against the same person's others, as each way ranks them; means over members."""
    found: dict[str, list[float]] = {}
    for seed in seeds:
        chance = _chance(kind, seed, f"drop of {lasts} days")
        drop = Drop(chance.randint(*BEGINS), days=lasts)
        days = list(Simulated(kind, chance).days(drop.first + lasts + WITHIN, drop))
        ways = {"points": [day.points for day in judged(SHIPPED, days)]} | {name: way(days) for name, way in PLAIN.items()}
        for name, ranks in ways.items():
            inside = [rank for rank, said in zip(ranks, days, strict=True) if said.date - MONDAY in drop]
            outside = [rank for rank, said in zip(ranks, days, strict=True) if said.date - MONDAY not in drop]
            if inside:
                found.setdefault(name, []).append(auc(inside, outside))
    return {name: fmean(values) for name, values in found.items()}


def callers(kinds: Sequence[Kind], seeds: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Which detectors were there on days without a drop on which somebody was called about."""
    counted: Counter[str] = Counter()
    for kind in kinds:
        for seed in seeds:
            for day in judged(SHIPPED, Simulated(kind, _chance(kind, seed, "year")).days(YEAR)):
                counted.update(day.detectors if day.calls else ())
    yield from counted.most_common()
