"""The one clock. Whatever needs the time is given a Clock, so that days of on-call run in seconds in a test."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The machine's time, with UTC as its zone."""
    return datetime.now(UTC)
