"""Missed check-ins against a person's own habit: they were silent for much longer than they usually are between two days."""

from collections.abc import Sequence

from services.alerts.domain.detection.days import Day
from services.alerts.domain.detection.settings import Habit


def silent_days(days: Sequence[Day], now: int, habit: Habit) -> tuple[int, float] | None:
    """How many days passed since the last one before `now`, and how many usually do; None where that is nothing unusual, and
    where there are too few days for a habit."""
    past = [day.date for day in days if day.date < now]
    if len(past) < habit.days:
        return None
    usual = (past[-1] - past[0]) / (len(past) - 1)
    passed = now - past[-1]
    return (passed, usual) if passed >= max(habit.times * usual, habit.fewest_days) else None
