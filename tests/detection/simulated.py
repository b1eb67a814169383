"""Simulated members who rate their days from 1 to 5: nobody's data, and harder than most, so that figures aren't flattering.

A day's latent mood, energy and ease (6 minus stress) are each half common to the three and half its own, both first-order
autoregressions with skewed steps (bad days reach further down than good ones up), around a person's own baseline and
their weekdays. Whoever answers on a day gives whole numbers.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from statistics import pstdev

from services.alerts.domain.detection.days import Said

MONDAY = 738_156
"""2022-01-03."""
LONG_RUN = 400


@dataclass(frozen=True)
class Kind:
    """What some members have in common. `alike` is a day's correlation with the next, `skew` 0 normal to 1 exponential,
    `together` the share that the items have in common, `weekday` in standard deviations of a day."""

    alike: float
    skew: float
    baselines: tuple[float, float, float] = (3.6, 3.3, 3.4)
    between: float = 0.6
    spread: tuple[float, float] = (0.7, 0.15)
    weekday: float = 0.25
    missing: float = 0.3
    together: float = 0.5


KINDS = (Kind(0.2, 0.0), Kind(0.3, 0.3), Kind(0.4, 0.5), Kind(0.5, 0.3), Kind(0.6, 0.5), Kind(0.3, 0.3, (2.8, 2.7, 2.8), 0.7))


@dataclass(frozen=True)
class Drop:
    """From day `first` on, for `days`, every item lies `sigmas` standard deviations of this person's own ratings lower."""

    first: int
    sigmas: float = 1.5
    days: int = 10_000

    def __contains__(self, day: int) -> bool:
        return self.first <= day < self.first + self.days


@dataclass
class Simulated:
    kind: Kind
    chance: random.Random

    def __post_init__(self) -> None:
        kind, chance = self.kind, self.chance
        self._baseline = [min(4.5, max(1.6, chance.gauss(mean, kind.between))) for mean in kind.baselines]
        self._spread = min(1.0, max(0.45, chance.gauss(*kind.spread)))
        self._weekdays = [chance.gauss(0, kind.weekday) for _ in range(7)]
        self._common, self._own = self._step(), [self._step() for _ in range(3)]
        past = [self._rated(day, (0.0, 0.0, 0.0)) for day in range(LONG_RUN)]
        self._sigmas = [pstdev(ratings) for ratings in zip(*past, strict=True)]

    def days(self, count: int, drop: Drop | None = None) -> Iterator[Said]:
        """The days on which they answered."""
        for day in range(count):
            deep = drop.sigmas if drop and day in drop else 0.0
            mood, energy, ease = self._rated(day, [deep * sigma for sigma in self._sigmas])
            if self.chance.random() >= self.kind.missing:
                yield Said(MONDAY + day, mood, energy, 6 - ease)

    def _rated(self, day: int, lower: list[float] | tuple[float, ...]) -> list[int]:
        self._common = self._next(self._common)
        self._own = [self._next(one) for one in self._own]
        shared, apart = sqrt(self.kind.together), sqrt(1 - self.kind.together)
        latent = [shared * self._common + apart * own + self._weekdays[day % 7] for own in self._own]
        placed = zip(self._baseline, latent, lower, strict=True)
        return [min(5, max(1, round(mean + self._spread * one - less))) for mean, one, less in placed]

    def _next(self, value: float) -> float:
        alike = self.kind.alike
        return alike * value + sqrt(1 - alike**2) * self._step()

    def _step(self) -> float:
        """Of mean 0 and variance 1."""
        skew = self.kind.skew
        mixed = (1 - skew) * self.chance.gauss(0, 1) - skew * (self.chance.expovariate(1) - 1)
        return mixed / sqrt((1 - skew) ** 2 + skew**2)
