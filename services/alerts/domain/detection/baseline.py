"""What is usual for one person: for each item a centre, a spread and the weekdays' effects, and how alike days in a row are.

The spread is robust, 1.4826 times the median absolute deviation (which is a normal distribution's standard deviation: Rousseeuw
and Croux 1993, JASA 88:1273). Ratings are whole numbers, so it comes in steps; it is therefore taken together with the spread
that is usual among people, which counts as much as some days, and never below a floor.
"""

from collections.abc import Sequence
from statistics import median

import msgspec

from services.alerts.domain.detection.days import Day, weekday
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

    def deviation(self, day: Day) -> float:
        """How far the day lies from what is usual for this person and weekday: the mean over the items that were told."""
        found = [mean - item.usual(day.date) for mean, item in zip(day.means, self.items, strict=True) if mean is not None]
        return sum(found) / len(found) if found else 0.0

    def drops(self, day: Day) -> tuple[float | None, ...]:
        """How many standard deviations the day lies lower than usual: over all items, then each; None for what wasn't said."""
        own = (
            None if mean is None else (item.usual(day.date) - mean) / item.sigma
            for mean, item in zip(day.means, self.items, strict=True)
        )
        return -self.deviation(day) / self.sigma, *own


def baseline_of(days: Sequence[Day], usual: Usual) -> Baseline:
    """Of these days; with none it is what is usual among people."""
    columns = list(zip(*(day.means for day in days), strict=True)) if days else [(), (), ()]
    items = tuple(_centre(days, column, usual, place) for column, place in zip(columns, usual.centres, strict=True))
    bare = Baseline(len(days), items, 1.0, usual.alike)
    deviations = [bare.deviation(day) for day in days]
    sigma = _sigma(deviations, usual)
    return Baseline(len(days), items, sigma, _alike(days, deviations, sigma, usual))


def _centre(days: Sequence[Day], column: Sequence[float | None], usual: Usual, place: float) -> Centre:
    told = [(day.date, value) for day, value in zip(days, column, strict=True) if value is not None]
    values = [value for _, value in told]
    mean = _mean(values, usual, place)
    weekdays = _weekdays([(weekday(date), value - mean) for date, value in told], usual)
    return Centre(mean, _sigma([value - mean - weekdays[weekday(date)] for date, value in told], usual), weekdays)


def _mean(values: Sequence[float], usual: Usual, place: float) -> float:
    """Winsored around the median, and drawn to the people's centre while there are few days."""
    if not values:
        return place
    middle = median(values)
    reach = WINSORED_AT * max(TO_SIGMA * median(abs(value - middle) for value in values), usual.floor)
    mean = sum(min(max(value, middle - reach), middle + reach) for value in values) / len(values)
    weight = usual.centre_counts * max(0.0, 1 - len(values) / usual.days)
    return (len(values) * mean + weight * place) / (len(values) + weight)


def _sigma(deviations: Sequence[float], usual: Usual) -> float:
    if not deviations:
        return usual.sigma
    n, own = len(deviations), TO_SIGMA * median(abs(deviation) for deviation in deviations)
    together = (n * own**2 + usual.sigma_counts * usual.sigma**2) / (n + usual.sigma_counts)
    return float(max(together**0.5, usual.floor))


def _weekdays(deviations: Sequence[tuple[int, float]], usual: Usual) -> tuple[float, ...]:
    """Each weekday's mean deviation, drawn to 0 as if `weekday_counts` days had shown none."""
    sums, counts = [0.0] * 7, [0] * 7
    for day, deviation in deviations:
        sums[day] += deviation
        counts[day] += 1
    return tuple(sums[day] / (counts[day] + usual.weekday_counts) for day in range(7))


def _alike(days: Sequence[Day], deviations: Sequence[float], sigma: float, usual: Usual) -> float:
    """Lag-1 autocorrelation over days in a row, drawn to what is usual, within 0 and 0.8."""
    reach = WINSORED_AT * sigma
    clipped = [min(max(deviation, -reach), reach) for deviation in deviations]
    products = [
        one * other
        for one, other, day, then in zip(clipped, clipped[1:], days, days[1:], strict=False)
        if then.date == day.date + 1
    ]
    square = sum(one * one for one in clipped) / len(clipped) if clipped else 0.0
    own = sum(products) / len(products) / square if products and square else 0.0
    together = (len(products) * own + usual.alike_counts * usual.alike) / (len(products) + usual.alike_counts)
    return min(max(together, 0.0), 0.8)
