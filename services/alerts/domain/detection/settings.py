"""The numbers of change detection, as `rules.yaml` gives them."""

from typing import Annotated

from msgspec import Meta, Struct

Positive = Annotated[float, Meta(gt=0, le=1_000)]
NotNegative = Annotated[float, Meta(ge=0, le=1_000)]
Days = Annotated[int, Meta(ge=1, le=400)]
Share = Annotated[float, Meta(gt=0, lt=1)]
OnScale = Annotated[float, Meta(ge=1, le=5)]


class Usual(Struct, frozen=True, forbid_unknown_fields=True):
    """How a baseline is made. What is usual among people counts as much as so many of a person's own days."""

    days: Days
    first_days: Days
    most_days: Days
    waits: Days
    kept_for: Days
    floor: Positive
    centres: tuple[OnScale, OnScale, OnScale]
    centre_counts: NotNegative
    sigma: Positive
    sigma_counts: NotNegative
    weekday_counts: NotNegative
    alike: Share
    alike_counts: NotNegative


class Charts(Struct, frozen=True, forbid_unknown_fields=True):
    """How much a change must be. `weight` is lambda, `limit` L; `slack` is k and `reached` h, in standard deviations."""

    weight: Share
    limit: Positive
    slack: NotNegative
    reached: Positive
    most: Positive
    low_day: NotNegative
    forgotten_days: Days
    again_days: Days
    new_usual_days: Days


class Change(Struct, frozen=True, forbid_unknown_fields=True):
    usual: Usual
    charts: Charts


class Habit(Struct, frozen=True, forbid_unknown_fields=True):
    """Silence is unusual from `times` the usual distance between two days on, and from `fewest_days`; with `days` behind it."""

    days: Days
    times: Positive
    fewest_days: Days
