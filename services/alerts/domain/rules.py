"""The rules of detection as data: what each sign counts, from where on it is one, and what the points add up to."""

from datetime import timedelta
from typing import Annotated

from msgspec import Meta, Struct

from services.alerts.domain.detection.settings import Change, Habit
from shared.strict_yaml import WrongYaml, decode

Count = Annotated[int, Meta(ge=0, le=1_000)] | Annotated[float, Meta(ge=0, le=1_000)]
"""Points. An int stays one, so that an alert's signals are stored in the form that they always had."""

Threshold = Annotated[int, Meta(gt=0, le=1_000)] | Annotated[float, Meta(gt=0, le=1_000)]
OnScale = Annotated[int, Meta(ge=1, le=5)]
Hours = Annotated[int, Meta(ge=0, le=8_760)] | Annotated[float, Meta(ge=0, le=8_760)]
"""At most a year."""


class WrongRules(ValueError):
    """Says what is wrong in a rule file, and where."""


class Points(Struct, frozen=True, forbid_unknown_fields=True):
    """By detector; one with 0 is switched off."""

    explicit_request: Count
    urgent_flag: Count
    lowest_mood: Count
    lowest_energy: Count
    highest_stress: Count
    self_harm_in_words: Count
    sign_in_words: Count
    colleagues_concern: Count
    two_colleagues: Count
    ewma: Count
    cusum: Count
    going_on: Count
    one_item: Count
    missed_check_ins: Count


class CutOffs(Struct, frozen=True, forbid_unknown_fields=True):
    """On the scales of 1 to 5, the cut-off itself included. The value must also lie so many standard deviations lower than the
    person's first days, once there are some."""

    mood_at_most: OnScale
    energy_at_most: OnScale
    stress_at_least: OnScale
    self_harm_weight_at_least: Annotated[float, Meta(ge=0, le=20)]
    unusual_sigmas: Annotated[float, Meta(ge=0, le=100)]
    unusual_day_sigmas: Annotated[float, Meta(ge=0, le=100)]


class Thresholds(Struct, frozen=True, forbid_unknown_fields=True):
    """From so many points on it is this tier."""

    yellow: Threshold
    orange: Threshold
    red: Threshold

    def __post_init__(self) -> None:
        if not self.yellow < self.orange < self.red:
            raise ValueError(f"yellow < orange < red must hold, here {self.yellow}, {self.orange}, {self.red}")


class RuleSet(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that detection may be told without a change of code. Nothing has a default: a rule file is complete."""

    points: Points
    cut_offs: CutOffs
    tiers: Thresholds
    grouped_hours: Hours
    concern_days: Annotated[int, Meta(ge=1, le=365)]
    change: Change
    habit: Habit

    @property
    def grouped_for(self) -> timedelta:
        """For so long after an alert the cut-offs raise no other about the same member."""
        return timedelta(hours=self.grouped_hours)


def read_rules(text: bytes) -> RuleSet:
    """The rule set in a YAML document. Raises WrongRules."""
    try:
        return decode(text, RuleSet)
    except WrongYaml as wrong:
        raise WrongRules(str(wrong)) from wrong
