"""A person's days: the sums of what they said on each, of the last days on which they said something.

Values are wellbeing on the scale of 1 to 5, higher is better: stress is kept as 6 minus stress. Sums are whole hundredths, so
that the order in which a day's check-ins arrive makes no difference.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

ITEMS = ("mood", "energy", "stress")
HUNDREDTHS = 100
WORST_PLUS_BEST = 6


class Day(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`date` is a proleptic ordinal. `in_alarm`: the day belongs to a change, so it says nothing of what is usual."""

    date: int
    mood_sum: int = 0
    moods: int = 0
    energy_sum: int = 0
    energies: int = 0
    ease_sum: int = 0
    eases: int = 0
    in_alarm: bool = False

    @property
    def means(self) -> tuple[float | None, float | None, float | None]:
        """Mood, energy, and 6 minus stress; None for what wasn't said."""
        return (
            self.mood_sum / self.moods / HUNDREDTHS if self.moods else None,
            self.energy_sum / self.energies / HUNDREDTHS if self.energies else None,
            self.ease_sum / self.eases / HUNDREDTHS if self.eases else None,
        )

    @property
    def said(self) -> tuple[float | None, float | None, float | None]:
        """Mood, energy and stress, each its mean on the scale of 1 to 5."""
        mood, energy, ease = self.means
        return mood, energy, None if ease is None else WORST_PLUS_BEST - ease

    def plus(self, said: "Said") -> "Day":
        ease = None if said.stress is None else WORST_PLUS_BEST - said.stress
        return Day(
            self.date,
            self.mood_sum + _hundredths(said.mood),
            self.moods + 1,
            self.energy_sum + _hundredths(said.energy),
            self.energies + (said.energy is not None),
            self.ease_sum + _hundredths(ease),
            self.eases + (ease is not None),
            self.in_alarm,
        )


class Said(msgspec.Struct, frozen=True):
    """What one check-in says, on the scales of 1 to 5; `date` is that of the member's own day."""

    date: int
    mood: float
    energy: float | None = None
    stress: float | None = None


def _hundredths(value: float | None) -> int:
    return 0 if value is None else round(value * HUNDREDTHS)


def with_said(days: tuple[Day, ...], said: Said, most: int) -> tuple[Day, ...]:
    """The days with this too, in order, the oldest given up. What is told late goes to its own day."""
    if not days or said.date > days[-1].date:
        return (*days, Day(said.date).plus(said))[-most:]
    if said.date == days[-1].date:
        return (*days[:-1], days[-1].plus(said))
    dated: dict[int, Any] = {day.date: day for day in days}
    dated[said.date] = dated.get(said.date, Day(said.date)).plus(said)
    return tuple(dated[date] for date in sorted(dated))[-most:]


def weekday(date: int) -> int:
    """Monday is 0."""
    return (date + 6) % 7


def gap(days: Sequence[Day]) -> int:
    """Days without a word between the last two that have one."""
    return days[-1].date - days[-2].date - 1 if len(days) > 1 else 0
