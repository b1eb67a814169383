"""What is usual for one person: for each item a centre, a spread and the weekdays' effects, and how alike days in a row are.

The spread is robust, 1.4826 times the median absolute deviation (which is a normal distribution's standard deviation: Rousseeuw
and Croux 1993, JASA 88:1273). Ratings are whole numbers, so it comes in steps; it is therefore taken together with the spread
that is usual among people, which counts as much as some days, and never below a floor.
"""

from collections.abc import Sequence
from math import sqrt

import msgspec

from services.alerts.domain.detection.days import WORST_PLUS_BEST, Day, weekday
from services.alerts.domain.detection.settings import Usual

TO_SIGMA = 1.4826
WINSORED_AT = 2.0
"""Robust standard deviations: what lies further out counts as if it lay there (Huber 1964)."""

Residuals = list[float | None]


class Centre(msgspec.Struct, frozen=True, array_like=True):
    """One item. `sigma` is of a day around what is usual on its weekday; `weekdays` are effects, Monday first."""

    mean: float
    sigma: float
    weekdays: tuple[float, ...]

    def usual(self, date: int) -> float:
        return self.mean + self.weekdays[weekday(date)]


class Baseline(msgspec.Struct, frozen=True, array_like=True):
    """`days` that it rests on; `items` in the order of ITEMS. `sigma` is of a day's mean deviation over its items, `alike` the
    correlation of that of one day with the next."""

    days: int
    items: tuple[Centre, ...]
    sigma: float
    alike: float

    @property
    def said(self) -> tuple[float, float, float]:
        """What is usual, on the scales on which it is said."""
        mood, energy, ease = (item.mean for item in self.items)
        return mood, energy, WORST_PLUS_BEST - ease

    def drops(self, day: Day) -> tuple[float | None, ...]:
        """How many standard deviations the day lies lower than usual: over all items, then each; None for what wasn't said."""
        date, own = day.date, []
        apart, told = 0.0, 0
        for mean, item in zip(day.means, self.items, strict=True):
            if mean is not None:
                drop = item.usual(date) - mean
                apart, told = apart + drop, told + 1
            own.append(None if mean is None else drop / item.sigma)
        return apart / max(told, 1) / self.sigma, *own


def baseline_of(days: Sequence[Day], usual: Usual) -> Baseline:
    """Of these days; with none it is what is usual among people."""
    dates, means = [day.date for day in days], [day.means for day in days]
    on = [weekday(date) for date in dates]
    items: list[Centre] = []
    apart: list[Residuals] = []
    for n, place in enumerate(usual.centres):
        item, residuals = _centre(on, [mean[n] for mean in means], usual, place)
        items.append(item)
        apart.append(residuals)
    deviations = [_mean_of(residuals) for residuals in zip(*apart, strict=True)]
    sigma = _sigma(deviations, usual)
    return Baseline(len(days), tuple(items), sigma, _alike(dates, deviations, sigma, usual))


def _mean_of(residuals: Sequence[float | None]) -> float:
    told = [residual for residual in residuals if residual is not None]
    return sum(told) / len(told) if told else 0.0


def _centre(on: Sequence[int], values: Sequence[float | None], usual: Usual, place: float) -> tuple[Centre, Residuals]:
    """One item's, and what is left of each day without it. `on` are the days' weekdays."""
    told = [value for value in values if value is not None]
    mean = _mean(told, usual, place)
    weekdays = _weekdays(on, [None if value is None else value - mean for value in values], usual)
    expected = [mean + effect for effect in weekdays]
    residuals = [None if value is None else value - expected[day] for day, value in zip(on, values, strict=True)]
    return Centre(mean, _sigma([one for one in residuals if one is not None], usual), weekdays), residuals


def _mean(values: Sequence[float], usual: Usual, place: float) -> float:
    """Winsored around the median, and drawn to the people's centre while there are few days."""
    if not values:
        return place
    middle = _median(values)
    reach = WINSORED_AT * max(TO_SIGMA * _median([abs(value - middle) for value in values]), usual.floor)
    low, high = middle - reach, middle + reach
    mean = sum([low if value < low else high if value > high else value for value in values]) / len(values)
    weight = usual.centre_counts * max(0.0, 1 - len(values) / usual.days)
    return (len(values) * mean + weight * place) / (len(values) + weight)


def _median(values: Sequence[float]) -> float:
    """As statistics.median, in a third of the time."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _sigma(deviations: Sequence[float], usual: Usual) -> float:
    if not deviations:
        return usual.sigma
    n, own = len(deviations), TO_SIGMA * _median([abs(deviation) for deviation in deviations])
    together = (n * own**2 + usual.sigma_counts * usual.sigma**2) / (n + usual.sigma_counts)
    return max(sqrt(together), usual.floor)


def _weekdays(on: Sequence[int], deviations: Residuals, usual: Usual) -> tuple[float, ...]:
    """Each weekday's mean deviation, drawn to 0 as if `weekday_counts` days had shown none."""
    sums, counts = [0.0] * 7, [usual.weekday_counts] * 7
    for day, deviation in zip(on, deviations, strict=True):
        if deviation is not None:
            sums[day] += deviation
            counts[day] += 1
    return tuple(total / count if count else 0.0 for total, count in zip(sums, counts, strict=True))


def _alike(dates: Sequence[int], deviations: Sequence[float], sigma: float, usual: Usual) -> float:
    """Lag-1 autocorrelation over days in a row, drawn to what is usual, within 0 and 0.8."""
    reach = WINSORED_AT * sigma
    clipped = [min(max(deviation, -reach), reach) for deviation in deviations]
    in_a_row = zip(clipped, clipped[1:], dates, dates[1:], strict=False)
    products = [one * other for one, other, date, then in in_a_row if then == date + 1]
    square = sum([one * one for one in clipped]) / len(clipped) if clipped else 0.0
    own = sum(products) / len(products) / square if products and square else 0.0
    together = (len(products) * own + usual.alike_counts * usual.alike) / max(len(products) + usual.alike_counts, 1)
    return min(max(together, 0.0), 0.8)
