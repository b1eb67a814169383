"""Free text: sealed under its member's key before it is kept, and opened for who may read it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from services.checkins.domain.member import MemberEnrolled, MemberRenamed
from shared.store.events import PrivateEvent
from shared.store.sealing import opened, place, seal, shown


def sealed(key: bytes, text: str, aggregate: UUID, version: int, field: str) -> bytes:
    return seal(key, text.encode(), place("checkins", aggregate, version, field))


def name_of(events: Iterable[PrivateEvent], key: bytes) -> str | None:
    """The last one that was given; None where somebody changed it."""
    named = [event for event in events if isinstance(event, MemberEnrolled | MemberRenamed)]
    if not named:
        return None
    last = named[-1]
    name = opened(key, last.name, place("checkins", last.originator_id, last.originator_version, "name"))
    return name.decode() if name is not None else None


def readable(row: dict[str, Any], key: bytes) -> dict[str, Any]:
    told = {name: value for name, value in row.items() if name != "member"}
    if row["note"] is None:
        return told
    return told | shown("note", opened(key, bytes(row["note"]), place("checkins", row["id"], 1, "note")))
