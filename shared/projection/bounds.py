"""A place in history: a position or a time."""

from datetime import datetime
from typing import Any

Bound = int | datetime


def bound(said: Any) -> Bound | None:
    """A sequence, `SERVICE:SEQUENCE`, or a time of RFC 3339 with its zone. Raises ValueError."""
    if said is None or isinstance(said, int):
        return said
    number = str(said).rpartition(":")[2]
    if str(said).isdigit() or (number.isdigit() and str(said).partition(":")[0].isalpha()):
        return int(number)
    at = datetime.fromisoformat(str(said))
    if at.tzinfo is None:
        raise ValueError("a time needs its zone")
    return at
