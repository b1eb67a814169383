"""Missed check-ins against a person's own habit: they were silent for much longer than they usually are between two days."""

from collections.abc import Sequence

from services.alerts.domain.detection.days import Day
from services.alerts.domain.detection.settings import Habit


def silent_days(days: Sequence[Day], now: int, habit: Habit) -> tuple[int, float] | None:
    """How many days passed since the last one before `now`, and how many usually do; None where that is nothing unusual, and
    where there are too few days for a habit."""
    past = len(days)
    while past and days[past - 1].date >= now:
        past -= 1
    if past < habit.days:
        return None
    last = days[past - 1].date
    usual, passed = (last - days[0].date) / max(past - 1, 1), now - last
    return (passed, usual) if passed >= max(habit.times * usual, habit.fewest_days) else None
