"""Short forms of `make detection`: what the product promises of its detectors, on fewer people."""

from __future__ import annotations

import pytest

from tests.detection.experience import STREAM, people, told_apart
from tests.detection.members import Figures, aucs, by_rules, by_shewhart, figures
from tests.detection.simulated import KINDS

SEEDS = range(1_000, 1_020)
"""Not those with which the numbers were chosen."""
MILD = KINDS[:3]
"""Of days that are as much alike as daily moods mostly are."""


def test_members_are_called_about_for_nothing_less_than_once_a_year_and_most_lasting_drops_are_found() -> None:
    whole = Figures()
    for kind in MILD:
        whole.add(figures(kind, SEEDS, by_rules()))
    assert whole.calls_a_year <= 1
    assert whole.found >= 0.75, "of 60 drops, where 0.8 of many are found: `make detection` has more"


def test_a_shewhart_chart_that_calls_as_seldom_finds_fewer() -> None:
    ours, theirs = (figures(KINDS[1], SEEDS, rule) for rule in (by_rules(), by_shewhart(3.0)))
    assert ours.calls_a_year <= theirs.calls_a_year
    assert ours.found > theirs.found


def test_points_rank_the_days_of_a_drop_higher_than_the_level_does_and_than_plain_z() -> None:
    found = aucs(KINDS[1], SEEDS, 14)
    assert found["points"] > max(found["level alone"], found["plain z"], found["Shewhart"])


@pytest.mark.skipif(not STREAM.exists(), reason=f"the real stream isn't here: {STREAM.name} lies beside the project, not in it")
def test_who_got_worse_and_who_better_is_told_apart_better_by_points_than_by_level() -> None:
    found = people()
    assert len(found) > 100
    for least in (0.0, 0.25):
        assert told_apart(found, least, "points") > told_apart(found, least, "level alone")
