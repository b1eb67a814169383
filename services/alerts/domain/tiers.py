"""From points to tiers, and how long each tier may wait."""

from collections.abc import Sequence
from datetime import timedelta

from services.alerts.domain.signals import Signal
from shared.events.alerts import Tier

YELLOW_POINTS = 2.0
"""One clear sign of a bad day: self-care is offered, nobody is called (our default)."""

ORANGE_POINTS = 4.0
"""A request for a person, or every cut-off at once: a supporter within 30 minutes (our default)."""

RED_POINTS = 8.0
"""A colleague's "urgent", or a request on a day on which every cut-off is met: minutes count (our default)."""

_OFFER_STANDS = {Tier.RED: timedelta(minutes=3), Tier.ORANGE: timedelta(minutes=30)}


def tier_of(signals: Sequence[Signal]) -> Tier:
    """The tier that the signals' points add up to."""
    points = sum(signal.points for signal in signals)
    if points >= RED_POINTS:
        return Tier.RED
    if points >= ORANGE_POINTS:
        return Tier.ORANGE
    return Tier.YELLOW if points >= YELLOW_POINTS else Tier.GREEN


def needs_a_supporter(tier: Tier) -> bool:
    return tier in _OFFER_STANDS


def offer_stands(tier: Tier) -> timedelta:
    """How long a supporter is asked alone: 3 minutes for red, 30 for orange (DOMAIN.md, detection)."""
    return _OFFER_STANDS[tier]
