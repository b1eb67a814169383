"""A place in history: a position or a time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

Bound = int | datetime


class WrongBound(ValueError):
    """`name` is `from` or `to`."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name = name


def bound(said: Any, publisher: str | None = None) -> Bound | None:
    """A sequence, `SERVICE:SEQUENCE`, or a time of RFC 3339 with its zone. Raises ValueError, also for another's position."""
    if said is None or isinstance(said, int):
        return said
    service, _, number = str(said).rpartition(":")
    if number.isdigit() and (not service or service.isalpha()):
        if publisher and service not in ("", publisher):
            raise ValueError(f"a position of {service}, and the view reads {publisher}")
        return int(number)
    try:
        at = datetime.fromisoformat(str(said))
    except ValueError:
        raise ValueError("neither a position nor a time with its zone") from None
    if at.tzinfo is None:
        raise ValueError("a time needs its zone")
    return at


def span(asked: Mapping[str, Any], publisher: str | None = None) -> tuple[Bound | None, Bound | None]:
    """Of `from` and `to`. Raises WrongBound, also where it ends before it begins."""
    since, until = (_named(name, asked.get(name), publisher) for name in ("from", "to"))
    ends_first = isinstance(since, int) and isinstance(until, int) and until < since
    if ends_first or (isinstance(since, datetime) and isinstance(until, datetime) and until < since):
        raise WrongBound("to", "it ends before it begins")
    return since, until


def _named(name: str, said: Any, publisher: str | None) -> Bound | None:
    try:
        return bound(said, publisher)
    except ValueError as wrong:
        raise WrongBound(name, str(wrong)) from None


def publisher_of(topic: str) -> str:
    return topic.removesuffix(".events")
