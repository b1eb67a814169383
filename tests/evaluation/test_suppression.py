"""An attacker knows the total, every cell that is shown, and the rule; these tests try what can be derived from that."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from hypothesis import assume, given
from hypothesis import strategies as st

from services.evaluation.domain.results import hidden_cells
from services.evaluation.domain.surveys import LOWEST_MIN_SCORES

floors = st.integers(LOWEST_MIN_SCORES, LOWEST_MIN_SCORES + 2)
sizes_of_cells = st.lists(st.integers(0, 9), min_size=1, max_size=5).map(lambda sizes: dict(enumerate(sizes)))


def derivable(sizes: Mapping[int, int], hidden: frozenset[int]) -> Iterator[frozenset[int]]:
    """Every group of cells whose figures can be had by adding and subtracting what is shown: unions of shown cells, and the
    total less such a union. Empty cells are left out: they add nobody."""
    shown = [cell for cell in sizes if cell not in hidden]
    for count in range(len(shown) + 1):
        for some in itertools.combinations(shown, count):
            for group in (frozenset(some), frozenset(sizes) - frozenset(some)):
                yield frozenset(cell for cell in group if sizes[cell])


def test_a_lone_small_cell_hides_the_next_smallest_too() -> None:
    assert hidden_cells({"a": 9, "b": 6, "c": 2}, 5) == {"b", "c"}


def test_two_small_cells_that_are_together_above_the_floor_hide_no_other() -> None:
    assert hidden_cells({"a": 9, "b": 3, "c": 3}, 5) == {"b", "c"}


def test_two_small_cells_that_are_together_under_the_floor_hide_another() -> None:
    assert hidden_cells({"a": 9, "b": 7, "c": 2, "d": 1}, 5) == {"b", "c", "d"}


def test_an_empty_cell_shows_nothing_and_costs_no_other() -> None:
    assert hidden_cells({"a": 9, "b": 6, "c": 0}, 5) == {"c"}


def test_what_is_in_no_cell_counts_as_hidden() -> None:
    assert hidden_cells({"a": 9, "b": 6}, 5, left_over=3) == {"b"}
    assert hidden_cells({"a": 9, "b": 2}, 5, left_over=6) == {"b"}
    assert hidden_cells({"a": 9, "b": 6}, 5, left_over=5) == frozenset()


@given(sizes_of_cells, floors)
def test_no_cell_under_the_floor_is_shown(sizes: dict[int, int], floor: int) -> None:
    assert {cell for cell, size in sizes.items() if size < floor} <= hidden_cells(sizes, floor)


@given(sizes_of_cells, floors)
def test_what_the_total_leaves_over_is_nobody_or_as_many_as_the_floor(sizes: dict[int, int], floor: int) -> None:
    left = sum(sizes[cell] for cell in hidden_cells(sizes, floor))
    assert left == 0 or left >= floor or sum(sizes.values()) < floor


@given(sizes_of_cells, floors)
def test_nothing_under_the_floor_can_be_derived(sizes: dict[int, int], floor: int) -> None:
    assume(sum(sizes.values()) >= floor)  # else the total isn't shown either
    for group in derivable(sizes, hidden_cells(sizes, floor)):
        assert sum(sizes[cell] for cell in group) >= floor or not group
