"""What reads have in common: pages, and waiting until a view has got as far as the reader's own last write."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query

from shared.errors import Problem, invalid

Id = TypeVar("Id")
LONGEST_WAIT_SECONDS = 2.0
LOOK_AGAIN_SECONDS = 0.02
LONGEST_NUMBER = 18
"""Digits that always fit in a bigint."""

Limit = Annotated[int, Query(ge=1, le=200, description="how many items at most")]
After = Annotated[str | None, Query(max_length=200, description="the `next` of the page before")]
AtLeast = Annotated[
    str | None,
    Query(pattern=r"^[a-z]{1,40}:[0-9]{1,18}$", description="wait until the view has got to this X-Position"),
]
Reached = Callable[[str, int], Awaitable[bool]]
"""Whether a view has taken everything of a publisher up to a sequence."""


def page(items: Sequence[Any], limit: int, cursor_of: Callable[[Any], str]) -> dict[str, Any]:
    """A page from `limit + 1` selected items, the last of which only tells that there are more."""
    shown = list(items[:limit])
    more = len(items) > limit
    return {"items": shown, "next": encode_cursor(cursor_of(shown[-1])) if more else None}


def encode_cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(after: str | None) -> str | None:
    """Raises a 422 Problem for a cursor that was not ours."""
    if after is None:
        return None
    try:
        return base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
    except ValueError:
        raise _not_ours() from None


def decode_time_and_id(after: str | None) -> tuple[datetime, UUID] | None:
    """The place in a list by time, from a cursor that is `TIME ID`. Raises a 422 Problem for one that was not ours."""
    return decode_time_and(UUID, after)


def decode_time_and(kind: Callable[[str], Id], after: str | None) -> tuple[datetime, Id] | None:
    """The same where an id is of another kind; `kind` raises ValueError for what can't be one."""
    if after is None:
        return None
    at, _, last = (decode_cursor(after) or "").partition(" ")
    try:
        return datetime.fromisoformat(at), kind(last)
    except ValueError:
        raise _not_ours() from None


def time_and_id(field: str, row: Mapping[str, Any]) -> str:
    """The place of a row in a list by the time in `field`, as `decode_time_and_id` reads it back."""
    return f"{row[field].isoformat()} {row['id']}"


def decode_number(after: str | None) -> int | None:
    """The place in a list by number. Raises a 422 Problem for a cursor that was not ours."""
    if after is None:
        return None
    text = decode_cursor(after) or ""
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise _not_ours()
    return int(text)


def _not_ours() -> Problem:
    return invalid("after", "not a `next` of an earlier page")


async def wait_until(at_least: str | None, reached: Reached, followed: Collection[str]) -> None:
    """Returns when the view has got there; raises a 504 Problem after two seconds, and a 422 at once for a service that isn't
    followed here: it would be waited for in vain."""
    if at_least is None:
        return
    publisher, _, sequence = at_least.partition(":")
    if publisher not in followed:
        raise invalid("at_least", f"only positions of {' and '.join(sorted(followed))} are waited for here")
    deadline = asyncio.get_running_loop().time() + LONGEST_WAIT_SECONDS
    while not await reached(publisher, int(sequence)):
        if asyncio.get_running_loop().time() >= deadline:
            raise Problem(
                504, "not-there-yet", "The view hasn't got to that position; try again.", headers={"Retry-After": "1"}
            )
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
