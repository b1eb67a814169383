"""On which day something was, for the member whose it is."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def own_day(at: datetime, timezone: str) -> date:
    """By the member's own clock; by UTC where their time zone isn't one that is known here."""
    return at.astimezone(_zone(timezone)).date()


@lru_cache(maxsize=600)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
