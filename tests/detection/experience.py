"""People who got better or worse, told apart by what they said on the first days after a treatment.

Data: Bringmann et al. 2013, PLoS ONE 8(4): e60188, file S004 (CC BY); see shared/data beside the project. Six days before and
six days after, up to ten reports a day. Cheerful, relaxed and worried (1 to 7, put on 1 to 5) are given as mood, energy and
stress; what came of it is read from other items, sad and anxious, on other days: their mean on the last three days after
against that of the days before. So nothing of what came of it was seen by what foretells it.
"""

from __future__ import annotations

import csv
import gzip
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, pstdev

from services.alerts.domain.detection.days import Said
from services.alerts.views.members import SHIPPED
from tests.conftest import ROOT
from tests.detection.judging import Judge, auc, levels
from tests.detection.simulated import MONDAY

STREAM = ROOT.parent / "shared" / "data" / "esm-bringmann-2013.csv.gz"
APART = 56
"""Days put between the two periods; the source doesn't number them through."""
EARLY, LATE = 3, 3
LEAST_DAYS = 4
Report = Mapping[str, str]


@dataclass(frozen=True)
class Person:
    """`worse` is how much sad and anxious rose, on their scale of 1 to 7; `ways` what each way says of the first days after."""

    worse: float
    ways: Mapping[str, float]


def people(path: Path = STREAM, apart: int = APART) -> list[Person]:
    """Whoever has at least four days in both periods and answered the held-out items in both."""
    with gzip.open(path, "rt") as file:
        reports: dict[str, list[Report]] = defaultdict(list)
        for report in csv.DictReader(file):
            reports[report["person"]].append(report)
    return [person for said in reports.values() if (person := _person(said, apart)) is not None]


def _person(reports: Sequence[Report], apart: int) -> Person | None:
    before, after = (_days(reports, period) for period in ("0", "1"))
    if min(len(before), len(after)) < LEAST_DAYS:
        return None
    truth_before = _held_out([one for day in before for one in day])
    truth_after = _held_out([one for day in after[-LATE:] for one in day])
    if truth_before is None or truth_after is None:
        return None
    return Person(truth_after - truth_before, _ways(before, after[:EARLY], apart))


def _ways(before: Sequence[Sequence[Report]], early: Sequence[Sequence[Report]], apart: int) -> dict[str, float]:
    judge = Judge(SHIPPED)
    past = [_said(day, n) for n, day in enumerate(before)]
    for one in (one for day in past for one in day):
        judge.hear(one)
    first = len(before) + apart
    days = [_said(day, first + n) for n, day in enumerate(early)]
    points = [[judge.hear(said).points for said in day][-1] for day in days if day]
    usual = [fmean(levels(day)) for day in past if day]
    now = fmean(fmean(levels(day)) for day in days if day)
    z = (now - fmean(usual)) / max(pstdev(usual), 0.1)
    return {"points": fmean(points), "level alone": now, "plain z": z}


def _days(reports: Sequence[Report], period: str) -> list[list[Report]]:
    days: dict[float, list[Report]] = defaultdict(list)
    for report in reports:
        if report["after_treatment"] == period:
            days[float(report["day"])].append(report)
    return [days[day] for day in sorted(days)]


def _said(day: Sequence[Report], number: int) -> list[Said]:
    """The reports of one day as check-ins; one without a mood is none."""
    found = [(_scale(one["cheerful"]), _scale(one["relaxed"]), _scale(one["worried"])) for one in day]
    return [Said(MONDAY + number, mood, energy, stress) for mood, energy, stress in found if mood is not None]


def _scale(value: str) -> float | None:
    """1 to 7, on 1 to 5."""
    return 1 + (float(value) - 1) * 4 / 6 if value else None


def _held_out(reports: Sequence[Report]) -> float | None:
    values = [float(report[item]) for report in reports for item in ("sad", "anxious") if report[item]]
    return fmean(values) if values else None


def told_apart(found: Sequence[Person], least: float, way: str) -> float:
    """The AUC of those who got worse by more than `least` against those who got better by more."""
    worse = [person.ways[way] for person in found if person.worse > least]
    better = [person.ways[way] for person in found if person.worse < -least]
    return auc(worse, better)


def interval(found: Sequence[Person], measure: Callable[[Sequence[Person]], float], times: int = 1_000) -> tuple[float, float]:
    """95%, by drawing people again."""
    chance = random.Random(2013)
    drawn = sorted(measure(chance.choices(found, k=len(found))) for _ in range(times))
    return drawn[round(0.025 * times)], drawn[round(0.975 * times) - 1]
