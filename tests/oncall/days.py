"""Thirty days of on-call, with the change to summer time in them: an organisation of 5,000 with 60 supporters."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median

from shared.events.alerts import Tier
from tests.oncall.oracle import jain
from tests.oncall.organisation import an_organisation
from tests.oncall.simulation import Lived, Simulation

PEOPLE, SUPPORTERS, DAYS = 5_000, 60, 30
START = datetime(2026, 3, 15, tzinfo=UTC)
"""Europe's clocks go forward on the 29th, India's never."""

ORANGE_A_DAY, RED_A_DAY, MOVES_A_DAY = 10.0, 3.0, 20.0
INCIDENT_DAY, INCIDENT_REDS, INCIDENT_ORANGES = 12, 8, 25
"""Something happens that hits many at once, within two hours."""

RED_WITHIN_SECONDS = 600.0
FAIREST_AT_LEAST = 0.95


@dataclass(frozen=True)
class Days:
    seed: int
    lived: Lived
    seconds: float

    @property
    def fairness(self) -> float:
        return jain(self.lived.carried.values())

    @property
    def slowest_red(self) -> float:
        return max(self.lived.red_seconds, default=0.0)

    @property
    def holds(self) -> bool:
        lived = self.lived
        late = len(lived.red_seconds) != lived.reds or self.slowest_red > RED_WITHIN_SECONDS
        return not (late or lived.budgets_broken or lived.recusals_broken) and self.fairness >= FAIREST_AT_LEAST

    def lines(self) -> list[str]:
        lived = self.lived
        where = f"{PEOPLE:,} people and {SUPPORTERS} supporters from {START:%Y-%m-%d}"
        slowest = f"{self.slowest_red:.0f} s at most (<= {RED_WITHIN_SECONDS:.0f})"
        return [
            f"seed {self.seed}: {DAYS} days of {where} in {self.seconds:.1f} s",
            f"  alerts {lived.alerts} ({lived.reds} red), offers {lived.offers}, lapsed {lived.lapsed}",
            f"  red: accepted or outside after {median(lived.red_seconds):.0f} s in the median, {slowest}",
            f"  acceptances of red ones {lived.accepted_red}; left to the outside route alone {lived.closed_outside}",
            f"  budgets broken {lived.budgets_broken}; asked with nobody else left {lived.last_resorts}",
            f"  load balance (Jain) {self.fairness:.3f} (>= {FAIREST_AT_LEAST})",
            f"  recusals broken {lived.recusals_broken}; still waiting at the end {lived.unowned}",
        ]


def live(seed: int, days: int = DAYS) -> Days:
    began, random = time.perf_counter(), Random(seed)
    organisation = an_organisation(random, PEOPLE, SUPPORTERS, START, days)
    simulation = Simulation(organisation, random, START)
    people = list(organisation.members)

    def alert(tier: Tier) -> None:
        reporter = random.choice(people) if random.random() < 0.5 else None
        simulation.raise_alert(random.choice(people), tier, reporter)

    for tier, rate in ((Tier.ORANGE, ORANGE_A_DAY), (Tier.RED, RED_A_DAY)):
        for when in _times(random, rate, days):
            simulation.at(when, lambda tier=tier: alert(tier))  # type: ignore[misc]
    for when in _times(random, MOVES_A_DAY, days):
        simulation.at(when, lambda: organisation.moves(random))
    for tier in [Tier.RED] * INCIDENT_REDS + [Tier.ORANGE] * INCIDENT_ORANGES:
        when = START + timedelta(days=INCIDENT_DAY, hours=10 + random.uniform(0, 2))
        simulation.at(when, lambda tier=tier: alert(tier))  # type: ignore[misc]
    return Days(seed, simulation.run(START + timedelta(days=days + 1)), time.perf_counter() - began)


def _times(random: Random, a_day: float, days: int) -> list[datetime]:
    """A Poisson process."""
    times, when = [], 0.0
    while (when := when - math.log(1 - random.random()) / a_day) < days:
        times.append(START + timedelta(days=when))
    return times
