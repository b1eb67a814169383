"""Change against a person's own baseline: what is found, what isn't, and what is kept for it."""

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerts.domain.detection.charts import Chart, Noise, ewma_sigma, stepped
from services.alerts.domain.detection.days import Said
from services.alerts.domain.detection.history import History, baseline_days, observed
from services.alerts.views.members import SHIPPED
from shared.events.alerts import Tier
from tests.detection.judging import Judge, judged
from tests.detection.simulated import MONDAY

CHANGE = SHIPPED.change
USUAL_DAYS = ((4, 4, 2), (3, 3, 3), (4, 3, 2), (3, 4, 3), (4, 4, 3))
ratings = st.integers(1, 5)
days_of_ratings = st.lists(st.tuples(ratings, ratings, ratings, st.integers(1, 4)), min_size=1, max_size=60)


def usual(count: int, start: int = MONDAY) -> list[Said]:
    """Days one after the other as they are for somebody in good spirits."""
    return [Said(start + n, *USUAL_DAYS[n % len(USUAL_DAYS)]) for n in range(count)]


def worse(count: int, start: int) -> list[Said]:
    return [Said(start + n, 2, 2, 4) for n in range(count)]


def spaced(ratings: list[tuple[int, int, int, int]]) -> list[Said]:
    """Days with gaps between them."""
    dates = [MONDAY]
    for *_, gap in ratings:
        dates.append(dates[-1] + gap)
    return [Said(day, mood, energy, stress) for day, (mood, energy, stress, _) in zip(dates, ratings, strict=False)]


def history_of(days: list[Said]) -> History:
    history = History()
    for said in days:
        history = observed(history, said, CHANGE)
    return history


def test_a_lasting_drop_calls_for_a_supporter_within_two_weeks_and_says_what_is_usual() -> None:
    judge = Judge(SHIPPED)
    for said in (*usual(30), *worse(14, MONDAY + 30)):
        judge.hear(said)
    called = [day.date - MONDAY - 30 for day in judge.judged if day.tier is Tier.ORANGE]
    assert len(called) == 1
    assert 1 <= called[0] < 14


def test_one_very_bad_day_calls_for_nobody_where_much_is_known() -> None:
    found = judged(SHIPPED, [*usual(30), Said(MONDAY + 30, 1, 1, 5), *usual(10, MONDAY + 31)])
    assert {day.tier for day in found[20:]} <= {Tier.GREEN, Tier.YELLOW}


def test_while_little_is_known_only_cut_offs_call_for_anybody() -> None:
    found = judged(SHIPPED, [*usual(9), *worse(4, MONDAY + 9), Said(MONDAY + 13, 1, 1, 5)])
    assert [day.tier for day in found] == [Tier.GREEN] * 13 + [Tier.ORANGE]
    assert found[-1].detectors == {"lowest_mood", "lowest_energy", "highest_stress"}


def test_what_somebody_says_every_day_is_no_news_on_the_sixth() -> None:
    found = judged(SHIPPED, [Said(MONDAY + n, 1, 1, 5) for n in range(10)])
    assert [day.tier for day in found] == [Tier.ORANGE] * 5 + [Tier.GREEN] * 5


def test_a_change_that_goes_on_calls_once_in_three_weeks() -> None:
    found = judged(SHIPPED, [*usual(40), *worse(27, MONDAY + 40)])
    called = [day.date for day in found if day.tier is Tier.ORANGE]
    assert len(called) == 2
    assert called[1] - called[0] >= CHANGE.charts.again_days
    between = [day for day in found if called[0] < day.date < called[1]]
    assert {(day.tier, day.detectors) for day in between} == {(Tier.YELLOW, frozenset({"going_on"}))}


def test_a_baseline_is_frozen_while_in_alarm() -> None:
    before = history_of([*usual(40), *worse(8, MONDAY + 40)])
    after = history_of([*usual(40), *worse(18, MONDAY + 40)])
    assert before.now.alarm_since == after.now.alarm_since is not None
    assert after.baseline == before.baseline


def test_after_four_weeks_in_alarm_it_is_how_things_are() -> None:
    history = history_of([*usual(40), *worse(60, MONDAY + 40)])
    assert history.now.alarm_since is None
    assert history.baseline is not None
    assert history.baseline.items[0].mean == pytest.approx(2, abs=0.1)


def test_getting_better_is_never_a_sign() -> None:
    found = judged(SHIPPED, [*worse(40, MONDAY), *usual(40, MONDAY + 40)])
    assert all(day.tier is Tier.GREEN for day in found[CHANGE.usual.days :])


def test_weekdays_alone_never_alarm() -> None:
    """Somebody whose Mondays and Tuesdays are bad, week after week."""
    week = [(2, 2, 4), (2, 3, 4), (4, 4, 2), (4, 4, 2), (4, 3, 2), (5, 4, 1), (5, 5, 1)]
    found = judged(SHIPPED, [Said(MONDAY + n, *week[n % 7]) for n in range(200)])
    assert {day.tier for day in found} == {Tier.GREEN}


def test_one_item_alone_is_yellow() -> None:
    found = judged(SHIPPED, [*usual(40), *(Said(MONDAY + 40 + n, 5, 5, 5) for n in range(12))])
    assert {day.tier for day in found} == {Tier.GREEN, Tier.YELLOW}
    assert found[-1].detectors == {"one_item"}


def test_silence_counts_little_and_only_against_a_persons_own_habit() -> None:
    daily = judged(SHIPPED, [*usual(30), *usual(3, MONDAY + 40)])
    weekly = judged(SHIPPED, [Said(MONDAY + 7 * n, 4, 4, 2) for n in range(30)])
    assert [day.detectors for day in daily if day.detectors] == [frozenset({"missed_check_ins"})]
    assert {day.tier for day in (*daily, *weekly)} == {Tier.GREEN}
    assert not any(day.detectors for day in weekly)


def test_an_energy_or_stress_that_was_not_said_is_no_zero() -> None:
    found = judged(SHIPPED, [*usual(30), *(Said(MONDAY + 30 + n, 4) for n in range(20))])
    assert {day.tier for day in found} == {Tier.GREEN}


def test_a_late_check_in_counts_for_its_day_and_moves_no_chart() -> None:
    days = usual(30)
    history = history_of(days)
    late = observed(history, Said(MONDAY + 3, 1, 1, 5), CHANGE)
    assert late.late
    assert (late.now, late.baseline, late.called_on) == (history.now, history.baseline, history.called_on)
    assert late.days[3].moods == 2
    told = judged(SHIPPED, [*usual(40), *worse(8, MONDAY + 40), Said(MONDAY + 41, 2, 2, 4)])
    assert told[-1].detectors == frozenset()


def test_the_charts_are_those_of_the_books() -> None:
    """Montgomery, Introduction to Statistical Quality Control: the EWMA's limit with lambda 0.1 and L 2.7 is 0.27 and 0.62."""
    charts = msgspec.structs.replace(CHANGE.charts, weight=0.1)
    independent = Noise(alike=0.0, days=10**9)
    assert 2.7 * ewma_sigma(1, independent, charts) == pytest.approx(0.27)
    assert 2.7 * ewma_sigma(500, independent, charts) == pytest.approx(0.6194, abs=1e-4)
    chart = Chart()
    for _ in range(4):
        chart = stepped(chart, 1.5, independent, charts)
    assert chart.cusum == pytest.approx(4.0)


def test_two_days_of_three_make_an_alarm() -> None:
    over = [Chart(ewma_over=bits).ewma_alarms for bits in (0b001, 0b011, 0b101, 0b110, 0b111)]
    assert over == [False, True, True, False, True]


@given(days_of_ratings, st.integers(0, 2))
def test_a_worse_day_never_lowers_points(ratings: list[tuple[int, int, int, int]], item: int) -> None:
    days = spaced(ratings)
    last = days[-1]
    name, value = (("mood", last.mood - 1), ("energy", (last.energy or 0) - 1), ("stress", (last.stress or 0) + 1))[item]
    if not 1 <= value <= 5:
        return
    lower = msgspec.structs.replace(last, **{name: value})
    assert judged(SHIPPED, [*days[:-1], lower])[-1].points >= judged(SHIPPED, days)[-1].points


@given(days_of_ratings)
def test_a_day_of_a_higher_tier_never_ranks_below_one_of_a_lower(ratings: list[tuple[int, int, int, int]]) -> None:
    bounds = {Tier.GREEN: (0, 2), Tier.YELLOW: (2, 4), Tier.ORANGE: (4, 8), Tier.RED: (8, 16)}
    for day in judged(SHIPPED, spaced(ratings)):
        low, high = bounds[day.tier]
        assert low <= day.points < high


@given(days_of_ratings)
def test_the_same_days_give_the_same_also_through_a_row(ratings: list[tuple[int, int, int, int]]) -> None:
    once, again = History(), History()
    for said in spaced(ratings):
        once = observed(once, said, CHANGE)
        packed = msgspec.msgpack.encode(observed(again, said, CHANGE))
        again = msgspec.msgpack.decode(packed, type=History)
    assert once == again


@given(st.permutations(range(6)), days_of_ratings)
def test_a_days_check_ins_may_come_in_any_order(order: list[int], ratings: list[tuple[int, int, int, int]]) -> None:
    values = [(ratings[n % len(ratings)][0], ratings[n % len(ratings)][1]) for n in range(6)]
    days = usual(20)
    one, other = ([*days, *(Said(MONDAY + 20, *values[n]) for n in turn)] for turn in (range(6), order))
    assert judged(SHIPPED, one)[-1].points == pytest.approx(judged(SHIPPED, other)[-1].points)


@given(st.sets(st.integers(1, 69), max_size=30))
def test_whichever_usual_days_are_missing_nobody_is_called_about(missing: set[int]) -> None:
    found = judged(SHIPPED, [said for n, said in enumerate(usual(70)) if n not in missing])
    assert {day.tier for day in found} == {Tier.GREEN}


@settings(max_examples=5)
@given(st.integers(0, 2**31))
def test_what_is_kept_is_bounded(seed: int) -> None:
    chance = random.Random(seed)
    history = history_of([Said(MONDAY + n, *(chance.randint(1, 5) for _ in range(3))) for n in range(500)])
    assert len(history.days) <= CHANGE.usual.most_days
    assert len(msgspec.msgpack.encode(history)) < 3_000
    assert len(baseline_days(history.days, CHANGE)) <= CHANGE.usual.most_days
