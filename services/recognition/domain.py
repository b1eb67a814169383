"""What recognition knows: kudos, the choice to be on the board, and the windows a board counts in. Pure: no I/O, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from shared.store.events import PrivateEvent

MOST_RECEIVERS = 20
MOST_POINTS = 100

BOARDS = UUID("6f0c7f0e-3c0f-5a55-9a3e-0f6d3a5c1b7e")
"""The namespace of the ids under which members' choices are stored."""


class KudosGiven(PrivateEvent, frozen=True, kw_only=True):
    """`given_at` is when it was meant, `at` when it was stored; `message` is sealed under the giver's key."""

    giver: UUID
    receivers: tuple[UUID, ...]
    category: str
    points: int = 0
    given_at: datetime
    message: bytes | None = None


class BoardOptedIn(PrivateEvent, frozen=True, kw_only=True):
    member: UUID


class BoardOptedOut(PrivateEvent, frozen=True, kw_only=True):
    member: UUID


@dataclass(frozen=True)
class Kudos:
    """Thanks from one member to others, complete when given. There are no negative ones: points are 0 to MOST_POINTS."""

    id: UUID
    giver: UUID
    receivers: tuple[UUID, ...]
    category: str
    points: int
    given_at: datetime

    def give(self, at: datetime, message: bytes | None) -> KudosGiven:
        """`message` is the sealed text; whoever gives has the key, this room doesn't."""
        return KudosGiven(
            originator_id=self.id,
            originator_version=1,
            at=at,
            giver=self.giver,
            receivers=self.receivers,
            category=self.category,
            points=self.points,
            given_at=self.given_at,
            message=message,
        )


def wrong_receiver(giver: UUID, receivers: Sequence[UUID]) -> tuple[int, str] | None:
    """The place of the first receiver who can't be one, and why; None where all can."""
    for place, receiver in enumerate(receivers):
        if receiver == giver:
            return place, "nobody gives kudos to themselves"
        if receiver in receivers[:place]:
            return place, "is named twice"
    return None


@dataclass(frozen=True)
class BoardChoice:
    """Whether a member is shown on boards. Nobody is until they say so; `version` counts their changes of mind."""

    member: UUID
    opted_in: bool = False
    version: int = 0

    def choose(self, opted_in: bool, at: datetime) -> tuple[BoardOptedIn | BoardOptedOut, ...]:
        """The change of mind; nothing where it is the choice there already is."""
        if opted_in == self.opted_in:
            return ()
        event = BoardOptedIn if opted_in else BoardOptedOut
        board = uuid5(BOARDS, str(self.member))
        return (event(originator_id=board, originator_version=self.version + 1, at=at, member=self.member),)


class Window(StrEnum):
    """How long a board counts. A week is an ISO 8601 week and begins on Monday; months and quarters are calendar ones."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    ALL = "all"


@dataclass(frozen=True)
class Days:
    """UTC days from `first` to `last`, both included; None for no bound."""

    first: date | None = None
    last: date | None = None


def day_of(at: datetime) -> date:
    """The UTC day in which something counts, wherever it happened."""
    return at.astimezone(UTC).date()


def days_of(window: Window, at: datetime) -> Days:
    """The window that holds a time. Times in the years 2 to 9998 are safe from overflow."""
    day = day_of(at)
    match window:
        case Window.WEEK:
            monday = day - timedelta(days=day.weekday())
            return Days(monday, monday + timedelta(days=6))
        case Window.MONTH:
            return _months(day.year, day.month, 1)
        case Window.QUARTER:
            return _months(day.year, day.month - (day.month - 1) % 3, 3)
    return Days()


def _months(year: int, month: int, count: int) -> Days:
    end_year, end_month = divmod(year * 12 + month - 1 + count, 12)
    return Days(date(year, month, 1), date(end_year, end_month + 1, 1) - timedelta(days=1))
