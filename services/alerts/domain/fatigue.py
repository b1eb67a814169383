"""How much is asked of one supporter: at most 2 alerts accepted in 12 hours and 1 red in 24 hours, then they rest
(DOMAIN.md, on-call for people).

An open offer counts as if it were accepted: whoever accepts everything that they are asked stays within both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.events.alerts import Tier

ACCEPTED_WITHIN, ACCEPTED_AT_MOST = timedelta(hours=12), 2
RED_WITHIN, RED_AT_MOST = timedelta(hours=24), 1
REMEMBERED = max(ACCEPTED_WITHIN, RED_WITHIN)
WEIGHTS = {Tier.RED: 3.0, Tier.ORANGE: 1.0}
"""By how much an accepted alert counts in a supporter's load (our default)."""


@dataclass(frozen=True)
class Carried:
    """An alert that a supporter accepted, and when; None while they may still accept it."""

    tier: Tier
    accepted_at: datetime | None = None

    def within(self, span: timedelta, at: datetime) -> bool:
        return self.accepted_at is None or at < self.accepted_at + span


def rests(carried: Iterable[Carried], tier: Tier, at: datetime) -> bool:
    """Whether an alert of this tier more would break a budget."""
    lately = list(carried)
    accepted = sum(one.within(ACCEPTED_WITHIN, at) for one in lately)
    red = sum(one.tier is Tier.RED and one.within(RED_WITHIN, at) for one in lately)
    return accepted >= ACCEPTED_AT_MOST or (tier is Tier.RED and red >= RED_AT_MOST)
