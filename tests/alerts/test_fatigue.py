"""How much one supporter is asked of, and what stands above it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.domain.alert import Alert
from services.alerts.domain.eligibility import Candidate, Pool, eligible
from services.alerts.domain.fatigue import Carried, rests
from services.alerts.domain.members import Member
from services.alerts.domain.wishes import NOTHING_SAID
from shared.events.alerts import Tier

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MEMBER, ANNA, BEN = (UUID(int=number) for number in range(1, 4))
times = st.timedeltas(timedelta(), timedelta(days=3)).map(lambda ago: NOW - ago)
carried = st.lists(st.builds(Carried, st.sampled_from([Tier.RED, Tier.ORANGE]), st.none() | times), max_size=6)


def ago(hours: float, tier: Tier = Tier.ORANGE) -> Carried:
    return Carried(tier, NOW - timedelta(hours=hours))


def asked(tier: Tier, **people: Sequence[Carried]) -> list[UUID]:
    ids = {"anna": ANNA, "ben": BEN}
    candidates = [Candidate(ids[name], ids[name], carried=tuple(had), endpoints=(uuid4(),)) for name, had in people.items()]
    members = {person: Member(person, known=True) for person in (MEMBER, ANNA, BEN)}
    return eligible(Pool(candidates, members, NOTHING_SAID), Alert(uuid4(), 1, MEMBER, tier, (), NOW), NOW)


def test_whoever_accepted_two_in_twelve_hours_rests() -> None:
    assert rests([ago(1), ago(11.9)], Tier.ORANGE, NOW)
    assert not rests([ago(1), ago(12)], Tier.ORANGE, NOW)


def test_whoever_accepted_a_red_one_in_a_day_is_asked_about_no_other_red_one() -> None:
    assert rests([ago(23.9, Tier.RED)], Tier.RED, NOW)
    assert not rests([ago(23.9, Tier.RED)], Tier.ORANGE, NOW)
    assert not rests([ago(24, Tier.RED)], Tier.RED, NOW)


def test_what_they_may_still_accept_counts_as_accepted() -> None:
    assert rests([ago(1), Carried(Tier.ORANGE)], Tier.ORANGE, NOW)
    assert rests([Carried(Tier.RED)], Tier.RED, NOW)


@given(carried, st.sampled_from([Tier.RED, Tier.ORANGE]))
def test_accepting_one_more_while_not_resting_breaks_no_budget(had: list[Carried], tier: Tier) -> None:
    if rests(had, tier, NOW):
        return
    then = [*had, Carried(tier, NOW)]
    assert sum(one.within(timedelta(hours=12), NOW) for one in then) <= 2
    assert tier is not Tier.RED or sum(one.tier is Tier.RED and one.within(timedelta(hours=24), NOW) for one in then) == 1


@pytest.mark.parametrize("tier", [Tier.RED, Tier.ORANGE])
def test_who_rests_is_passed_over(tier: Tier) -> None:
    assert asked(tier, anna=[ago(1), ago(2)], ben=[]) == [BEN]


@pytest.mark.parametrize("tier", [Tier.RED, Tier.ORANGE])
def test_a_budget_never_blocks_the_last_one_who_might_come(tier: Tier) -> None:
    assert asked(tier, anna=[ago(1, Tier.RED), ago(2)], ben=[ago(3), ago(4, Tier.RED)]) == [ANNA, BEN]
