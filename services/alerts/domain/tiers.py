"""From points to tiers, and how long each tier may wait."""

from collections.abc import Sequence
from datetime import timedelta

from services.alerts.domain.rules import Thresholds
from services.alerts.domain.signals import Signal
from shared.events.alerts import Tier

_OFFER_STANDS = {Tier.RED: timedelta(minutes=3), Tier.ORANGE: timedelta(minutes=30)}


def tier_of(signals: Sequence[Signal], thresholds: Thresholds) -> Tier:
    """The tier that the signals' points add up to."""
    points = sum(signal.points for signal in signals)
    if points >= thresholds.red:
        return Tier.RED
    if points >= thresholds.orange:
        return Tier.ORANGE
    return Tier.YELLOW if points >= thresholds.yellow else Tier.GREEN


def needs_a_supporter(tier: Tier) -> bool:
    return tier in _OFFER_STANDS


def offer_stands(tier: Tier) -> timedelta:
    """How long a supporter is asked alone: 3 minutes for red, 30 for orange (DOMAIN.md, detection)."""
    return _OFFER_STANDS[tier]
