"""Short forms of `make oncall`, and the same drawn by hypothesis, which makes what fails small."""

from __future__ import annotations

import os
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerts.domain.members import Member
from tests.oncall.days import live
from tests.oncall.oracle import jain, must_not_hear
from tests.oncall.recusal import a_case, a_change, violations, wrong

A, B, C = (UUID(int=number) for number in range(1, 4))
EXAMPLES = int(os.environ.get("RECUSAL_EXAMPLES", "100"))
"""`make oncall` takes 10,000 of them."""


@pytest.mark.parametrize("seed", [1, 6])
def test_thirty_days_of_on_call_keep_every_promise(seed: int) -> None:
    lived = live(seed)
    assert lived.holds, "\n".join(lived.lines())
    assert lived.lived.lapsed
    assert lived.lived.accepted_red


def test_nobody_is_asked_who_may_not_be_and_nobody_passed_over_who_may() -> None:
    judged, found = violations(seed=20261127, cases=5_000)
    assert not found
    assert judged > 10_000


@settings(max_examples=EXAMPLES)
@given(st.integers(0, 2**64), st.lists(st.integers(0, 2**64), max_size=5))
def test_nor_after_any_row_of_changes(seed: int, changes: list[int]) -> None:
    case = a_case(Random(seed))
    assert not wrong(case)
    for change in changes:
        case = a_change(Random(change), case)
        assert not wrong(case)


@pytest.mark.parametrize("manager", [A, None])
def test_the_oracle_tells_who_is_above_whom(manager: UUID | None) -> None:
    people = {A: Member(A, True), B: Member(B, True, manager=manager), C: Member(C, True, manager=B)}
    assert must_not_hear(people, C, (), A) is (manager is A)
    assert must_not_hear(people, A, (), C) is (manager is A)
    assert must_not_hear(people, C, (A,), A)
    assert must_not_hear(people | {B: Member(B)}, C, (), A), "who is above isn't known"


def test_jains_index_is_one_where_all_carry_the_same_and_a_share_where_one_carries_all() -> None:
    assert jain([2, 2, 2]) == 1.0
    assert jain([3, 0, 0]) == pytest.approx(1 / 3)
