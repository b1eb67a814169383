from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.recognition.domain import (
    BoardChoice,
    BoardOptedIn,
    BoardOptedOut,
    Days,
    Window,
    day_of,
    days_of,
    wrong_receiver,
)

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
ANN, BOB, CY = uuid4(), uuid4(), uuid4()
times = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("at", "first", "last"),
    [
        (datetime(2026, 11, 18, tzinfo=UTC), date(2026, 11, 16), date(2026, 11, 22)),
        (datetime(2026, 11, 22, 23, 59, tzinfo=UTC), date(2026, 11, 16), date(2026, 11, 22)),
        (datetime(2026, 11, 23, tzinfo=UTC), date(2026, 11, 23), date(2026, 11, 29)),
        (datetime(2027, 1, 1, tzinfo=UTC), date(2026, 12, 28), date(2027, 1, 3)),  # ISO week 53 of 2026
        (datetime(2024, 12, 30, tzinfo=UTC), date(2024, 12, 30), date(2025, 1, 5)),  # ISO week 1 of 2025
    ],
)
def test_a_week_runs_from_monday_to_sunday_across_years(at: datetime, first: date, last: date) -> None:
    assert days_of(Window.WEEK, at) == Days(first, last)


@pytest.mark.parametrize(
    ("at", "first", "last"),
    [
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), date(2026, 12, 1), date(2026, 12, 31)),
        (datetime(2028, 2, 10, tzinfo=UTC), date(2028, 2, 1), date(2028, 2, 29)),
        (datetime(2027, 2, 28, tzinfo=UTC), date(2027, 2, 1), date(2027, 2, 28)),
    ],
)
def test_a_month_is_a_calendar_month(at: datetime, first: date, last: date) -> None:
    assert days_of(Window.MONTH, at) == Days(first, last)


def test_a_quarter_is_three_calendar_months() -> None:
    assert days_of(Window.QUARTER, NOW) == Days(date(2026, 10, 1), date(2026, 12, 31))
    assert days_of(Window.QUARTER, datetime(2026, 3, 31, tzinfo=UTC)) == Days(date(2026, 1, 1), date(2026, 3, 31))


def test_all_has_no_bounds() -> None:
    assert days_of(Window.ALL, NOW) == Days(None, None)


def test_a_day_is_counted_in_utc_wherever_it_happened() -> None:
    late_in_new_york = datetime(2026, 12, 31, 20, tzinfo=timezone(timedelta(hours=-5)))
    assert day_of(late_in_new_york) == date(2027, 1, 1)
    assert days_of(Window.MONTH, late_in_new_york).first == date(2027, 1, 1)


@given(times)
def test_a_week_is_the_iso_week_of_its_time(at: datetime) -> None:
    days = days_of(Window.WEEK, at)
    assert days.first is not None
    assert days.last is not None
    assert days.first <= at.date() <= days.last
    assert {(days.first + timedelta(days=n)).isocalendar()[:2] for n in range(7)} == {at.isocalendar()[:2]}


@given(times, st.sampled_from([Window.WEEK, Window.MONTH, Window.QUARTER]))
def test_windows_follow_each_other_without_a_gap(at: datetime, window: Window) -> None:
    days = days_of(window, at)
    assert days.last is not None
    next_day = datetime.combine(days.last + timedelta(days=1), datetime.min.time(), UTC)
    assert days_of(window, next_day).first == next_day.date()


def test_nobody_gives_kudos_to_themselves() -> None:
    assert wrong_receiver(ANN, (BOB, ANN)) == (1, "nobody gives kudos to themselves")


def test_a_receiver_is_named_once() -> None:
    assert wrong_receiver(ANN, (BOB, CY, BOB)) == (2, "is named twice")
    assert wrong_receiver(ANN, (BOB, CY)) is None


def test_nobody_is_on_the_board_until_they_say_so() -> None:
    assert BoardChoice(ANN).choose(opted_in=False, at=NOW) == ()


def test_a_change_of_mind_is_an_event_and_the_same_choice_again_is_none() -> None:
    (joined,) = BoardChoice(ANN).choose(opted_in=True, at=NOW)
    assert isinstance(joined, BoardOptedIn)
    on = BoardChoice(ANN, opted_in=True, version=joined.originator_version)
    assert on.choose(opted_in=True, at=NOW) == ()
    (left,) = on.choose(opted_in=False, at=NOW)
    assert isinstance(left, BoardOptedOut)
    assert (left.originator_id, left.originator_version) == (joined.originator_id, 2)
