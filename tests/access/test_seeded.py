"""A short form of `python -m tests.access`, and the same drawn by hypothesis, which makes what fails small."""

from __future__ import annotations

import asyncio
import itertools
import os
from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.access.house import House
from tests.access.model import Alert, Holder, Model, Person, Read
from tests.access.playing import Played, play
from tests.alerts.world import START

SEED, CASES = 20261125, 1_500
CASES_IN_AN_EXAMPLE = 100
EXAMPLES = int(os.environ.get("ACCESS_EXAMPLES", "4"))
"""`make access` takes 100 of them."""


async def test_no_read_succeeds_that_the_state_of_that_moment_forbids_and_every_other_does(house: House) -> None:
    played = Played()
    await play(house, itertools.repeat(Random(SEED), CASES), played)
    assert not played.violations
    assert played.cases == CASES
    assert played.told, "somebody was told whom an alert is about"


@settings(max_examples=EXAMPLES)
@given(st.lists(st.integers(0, 2**32), min_size=CASES_IN_AN_EXAMPLE, max_size=CASES_IN_AN_EXAMPLE))
def test_nor_in_any_order_that_hypothesis_thinks_of(house: House, cases: list[int]) -> None:
    played = Played()
    asyncio.run(play(house, map(Random, cases), played))
    assert not played.violations


def test_the_oracle_notices_what_it_is_there_for() -> None:
    """A reading that is taken back is forbidden from that moment on."""
    member, helper, alert = (Person(_id(1), "care"), Person(_id(2), "care", supporter=_id(3)), Alert(_id(4), _id(1), None))
    model = Model(START, {one.id: one for one in (member, helper)}, {alert.id: alert}, issuer_keys={"k"})
    holder = Holder("", START.replace(year=2027), frozenset({"supporter"}), person=helper.id, issuer_key="k")
    read = Read("alert", alert.id)
    assert model.status(read, holder) == 403
    alert.asked, alert.accepted_by = frozenset({_id(3)}), _id(3)
    assert (model.status(read, holder), model.is_told_whom_it_is_about(alert, holder)) == (200, True)
    member.manager = helper.id
    assert not model.is_told_whom_it_is_about(alert, holder)
    model.issuer_keys.clear()
    assert model.status(read, holder) == 401


def _id(number: int) -> UUID:
    return UUID(int=number)
