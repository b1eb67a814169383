"""When a webhook that wasn't answered with a 2xx is tried again. Pure: the time and the chance are given.

Red: 0, 5, 15, 30 and 60 s after it was owed (at 120 s the next supporter is asked), then, since a debt isn't forgotten,
by the long schedule. All others: the schedule of Standard Webhooks (its specification, "Deliverability and reliability").
"""

from datetime import datetime, timedelta

from shared.events.alerts import Tier

RED_SECONDS = (0, 5, 15, 30, 60)
LONG_SECONDS = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
RED_THEN_SECONDS = (*RED_SECONDS, *LONG_SECONDS[2:])
JITTER = 0.1
"""An attempt comes up to this share of its wait later, so that a receiver that comes back isn't overrun."""

LONGEST_RETRY_AFTER = {Tier.RED: timedelta(seconds=60)}
LONGEST_RETRY_AFTER_OTHERWISE = timedelta(hours=1)
"""A receiver may ask for so much more time; what it asks beyond isn't granted (our default)."""


def next_attempt(tier: Tier, owed_since: datetime, attempts: int, now: datetime, chance: float) -> datetime:
    """When to try again after `attempts` of them; `chance` is 0 to 1. After the last, every 24 hours."""
    if tier is Tier.RED:
        return _next_red(owed_since, now)
    wait = LONG_SECONDS[min(attempts, len(LONG_SECONDS) - 1)]
    return now + timedelta(seconds=wait * (1 + JITTER * chance))


def _next_red(owed_since: datetime, now: datetime) -> datetime:
    """By the clock since it was owed, so that what a crash delayed isn't delayed further."""
    elapsed = (now - owed_since).total_seconds()
    ahead = next((offset for offset in RED_THEN_SECONDS if offset > elapsed), None)
    return now + timedelta(days=1) if ahead is None else owed_since + timedelta(seconds=ahead)


def not_before(tier: Tier, now: datetime, retry_after: timedelta | None) -> datetime:
    """The earliest time that the receiver's Retry-After leaves, bounded."""
    if retry_after is None:
        return now
    return now + min(max(retry_after, timedelta(0)), LONGEST_RETRY_AFTER.get(tier, LONGEST_RETRY_AFTER_OTHERWISE))
