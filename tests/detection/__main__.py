"""`python -m tests.detection`: simulated members and real people, and what the detectors make of their days."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from tests.detection.experience import APART, EARLY, LATE, STREAM, Person, interval, people, told_apart
from tests.detection.members import (
    HEADING,
    LASTS,
    Figures,
    Rule,
    aucs,
    by_rules,
    by_shewhart,
    callers,
    figures,
    with_charts,
    without,
)
from tests.detection.simulated import KINDS

WAYS: dict[str, Rule] = {
    "as shipped": by_rules(),
    "without ewma": by_rules(without("ewma")),
    "without cusum": by_rules(without("cusum")),
    "without both": by_rules(without("ewma", "cusum")),
    "without cut-offs": by_rules(without("lowest_mood", "lowest_energy", "highest_stress")),
    "without one_item": by_rules(without("one_item")),
    "without missed_check_ins": by_rules(without("missed_check_ins")),
    "L 2.4, h 4.4": by_rules(with_charts(limit=2.4, reached=4.4)),
    "L 3.0, h 5.6": by_rules(with_charts(limit=3.0, reached=5.6)),
    "Shewhart, z > 2": by_shewhart(2.0),
    "Shewhart, z > 3": by_shewhart(3.0),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.detection", description=__doc__)
    parser.add_argument("--members", type=int, default=100, help="simulated ones of each kind")
    parser.add_argument("--seed", type=int, default=0, help="of the first member; the numbers were chosen with 0 to 99")
    given = parser.parse_args()
    began = time.monotonic()
    seeds = range(given.seed, given.seed + given.members)
    simulated(seeds)
    experience()
    print(f"\n{time.monotonic() - began:.0f} s")


def simulated(seeds: Sequence[int]) -> None:
    print(f"Simulated members, {len(seeds)} of each kind (tests/detection/simulated.py), seeds from {seeds[0]}")
    print("A year without a drop; then a lasting drop of 1.5 sigma in every item, from a day between 28 and 120 on\n")
    print(f"  {'kind':58}{HEADING}")
    whole = Figures()
    for kind in KINDS:
        found = figures(kind, seeds, WAYS["as shipped"])
        whole.add(found)
        of = f"alike {kind.alike}, skew {kind.skew}, baselines {kind.baselines} +- {kind.between}"
        print(f"  {of:58}{found}", flush=True)
    print(f"  {'all':58}{whole}\n")
    print(f"  the first {max(len(seeds) // 3, 1)} of each kind")
    for name, rule in WAYS.items():
        together = Figures()
        for kind in KINDS:
            together.add(figures(kind, seeds[: max(len(seeds) // 3, 1)], rule))
        print(f"  {name:58}{together}", flush=True)
    counted = ", ".join(f"{name} {count}" for name, count in callers(KINDS, seeds[:20]))
    print(f"\n  Signals on the days of calls for nothing, 20 members of each kind: {counted}")
    print("\nDays of a drop that ends again against the same person's other days, AUC, mean over members")
    for lasts in LASTS:
        for kind in KINDS[:5:2]:
            told = "  ".join(f"{name} {value:.3f}" for name, value in aucs(kind, seeds, lasts).items())
            print(f"  {lasts:3} days, alike {kind.alike}:  {told}", flush=True)


def experience() -> None:
    print("\nReal people before and after a treatment (Bringmann et al. 2013, CC BY)")
    if not STREAM.exists():
        print(f"  not here: {STREAM.name} lies beside the project, not in it")
        return
    print(f"  given: cheerful, relaxed, worried; days before, then the first {EARLY} after, {APART} days later")
    print(f"  truth: sad and anxious, held out, on the last {LATE} days after against all before; AUC of worse against better")
    found = people()
    for least in (0.0, 0.25, 0.5):
        worse, better = (sum(sign * one.worse > least for one in found) for sign in (1, -1))
        print(f"  changed by more than {least} of 7: {worse} worse, {better} better, of {len(found)}")
        for way in found[0].ways:
            print(f"    {way:12} {_with_interval(found, least, way)}")
        low, high = interval(found, lambda some, least=least: _gain(some, least))  # type: ignore[misc]
        print(f"    points - level alone: {_gain(found, least):+.3f} [{low:+.3f}, {high:+.3f}]")


def _with_interval(found: Sequence[Person], least: float, way: str) -> str:
    low, high = interval(found, lambda some: told_apart(some, least, way))
    return f"{told_apart(found, least, way):.3f} [{low:.3f}, {high:.3f}]"


def _gain(found: Sequence[Person], least: float) -> float:
    return told_apart(found, least, "points") - told_apart(found, least, "level alone")


if __name__ == "__main__":
    main()
