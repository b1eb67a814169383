"""The short form of `make language`: without what the ranking is held against."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language.measuring import auc, by_group, categories, keywords, ours, ranking
from tests.language.notes import DEVELOPMENT, GERMAN, HELD_APART, notes

SIGNS = 8


@pytest.mark.parametrize("file", [HELD_APART, DEVELOPMENT], ids=lambda file: file.stem)
def test_distress_is_ranked_above_calm_and_better_than_by_keywords(file: Path) -> None:
    held = notes(file)
    reached = ranking(held, [ours(note.text) for note in held])
    assert reached > 0.97
    assert reached > ranking(held, [keywords(note.text) for note in held]) + 0.2


def test_german_distress_is_ranked_above_calm() -> None:
    held = notes(GERMAN)
    assert len(held) >= 60
    assert ranking(held, [ours(note.text) for note in held]) > 0.95


def test_distress_is_ranked_above_each_kind_of_calm_note() -> None:
    held = notes(HELD_APART)
    groups = by_group(held, [ours(note.text) for note in held])
    assert len(groups) == 7
    assert not {group: reached for group, reached in groups.items() if reached < 0.95}


def test_each_category_is_found_where_it_was_written_and_seldom_elsewhere() -> None:
    found = categories(notes(HELD_APART))
    assert len(found) >= SIGNS + 2
    assert not [one for one in found if one.recall < 0.8 or one.calm > 8]


def test_the_notes_that_measure_are_many_and_none_was_tuned_on() -> None:
    held, tuned = notes(HELD_APART), notes(DEVELOPMENT)
    assert len(held) >= 400
    assert len(tuned) >= 200
    assert not {note.text.lower() for note in held} & {note.text.lower() for note in tuned}


def test_a_tie_is_half_of_a_rank() -> None:
    assert auc([1.0, 1.0], [1.0, 1.0]) == 0.5
    assert auc([2.0, 1.0], [1.0, 0.0]) == 0.875
