"""What has to be looked at again, and when: human time, counted from the raising (or the opening again) or from an offer.

Red: undelivered for 120 s or unanswered for 3 min, the next supporter; at 6 min the clinical lead; by 10 min the outside
route; accepted and no contact made for 15 min, it lapses. Orange: undelivered for 10 min or unanswered for 30 min, the next
supporter (DOMAIN.md, detection and on-call).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from services.alerts.domain.alert import Alert, State
from services.alerts.domain.events import Accepted, Offered, Raised, Reopened, SentOutside
from shared.events.alerts import Tier
from shared.store.events import PrivateEvent

RED_UNDELIVERED = timedelta(seconds=120)
ORANGE_UNDELIVERED = timedelta(minutes=10)
"""After three attempts (0 s, 5 s, 5 min): time is left for the next supporter within the 30 minutes (our default)."""
RED_LEAD = timedelta(minutes=6)
RED_OUTSIDE = timedelta(minutes=10)
RED_CONTACT = timedelta(minutes=15)
LOOKS = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 10, 30, 60))
LOOK_EVERY = timedelta(seconds=60)


class Kind(StrEnum):
    UNDELIVERED = "undelivered"
    UNANSWERED = "unanswered"
    LEAD = "lead"
    OUTSIDE = "outside"
    LOOK_AGAIN = "look_again"
    UNREACHABLE = "unreachable"
    NO_CONTACT = "no_contact"
    RECUSED = "recused"
    """Something was said that keeps who holds it apart from the member."""


@dataclass(frozen=True)
class Timer:
    """`sequence` is the version of the alert at which it began, `n` counts the looks since then."""

    alert: UUID
    kind: Kind
    sequence: int
    due_at: datetime
    n: int = 0

    @property
    def id(self) -> UUID:
        return uuid5(self.alert, f"{self.kind} {self.sequence} {self.n}")


def timers_after(alert: Alert, events: Iterable[PrivateEvent]) -> list[Timer]:
    """What follows from an alert's events; once somebody has it, only that they get in touch."""
    if alert.is_waiting:
        return [timer for event in events for timer in _timers(alert, event)]
    accepted = [event for event in events if isinstance(event, Accepted) and event.supporter == alert.accepted_by]
    if alert.state is not State.ACCEPTED or alert.tier is not Tier.RED:
        return []
    return [Timer(alert.id, Kind.NO_CONTACT, event.originator_version, event.at + RED_CONTACT) for event in accepted]


def _timers(alert: Alert, event: PrivateEvent) -> list[Timer]:
    red, sequence = alert.tier is Tier.RED, event.originator_version
    match event:
        case Raised() | Reopened() if red:
            lead = Timer(alert.id, Kind.LEAD, sequence, event.at + RED_LEAD)
            return [lead, Timer(alert.id, Kind.OUTSIDE, sequence, event.at + RED_OUTSIDE)]
        case Offered():
            unanswered = Timer(alert.id, Kind.UNANSWERED, sequence, event.expires_at)
            patience = RED_UNDELIVERED if red else ORANGE_UNDELIVERED
            return [unanswered, Timer(alert.id, Kind.UNDELIVERED, sequence, event.at + patience)]
        case SentOutside():
            return [Timer(alert.id, Kind.LOOK_AGAIN, sequence, event.at + LOOKS[0])]
    return []


def next_look(timer: Timer, at: datetime) -> Timer:
    """After a look for somebody: 1, 2, 5, 10, 30 and 60 s after the outside route took it, then every 60 s."""
    n = timer.n + 1
    wait = LOOKS[n] - LOOKS[n - 1] if n < len(LOOKS) else LOOK_EVERY
    return Timer(timer.alert, timer.kind, timer.sequence, at + wait, n)
