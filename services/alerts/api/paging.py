"""Pages in order of time and id."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shared.errors import invalid
from shared.http.reading import decode_cursor

Place = tuple[datetime, UUID]


def place_of(after: str | None) -> Place | None:
    """Where the page before ended. Raises a 422 Problem for a cursor that wasn't ours."""
    decoded = decode_cursor(after)
    if decoded is None:
        return None
    at, _, id_ = decoded.partition(" ")
    try:
        return datetime.fromisoformat(at), UUID(id_)
    except ValueError:
        raise invalid("after", "not a `next` of an earlier page") from None


def cursor_by(field: str, row: dict[str, Any]) -> str:
    """The place of a row, for the next page."""
    return f"{row[field].isoformat()} {row['id']}"
