"""Free text: sealed under its member's key before it is kept, and opened for who may read it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from services.checkins.domain.member import MemberEnrolled, MemberRenamed
from shared.store.events import PrivateEvent
from shared.store.sealing import place, seal, unseal


def sealed(key: bytes, text: str, aggregate: UUID, version: int, field: str) -> bytes:
    return seal(key, text.encode(), place("checkins", aggregate, version, field))


def name_of(events: Iterable[PrivateEvent], key: bytes) -> str | None:
    """The last one that was given."""
    named = [event for event in events if isinstance(event, MemberEnrolled | MemberRenamed)]
    if not named:
        return None
    last = named[-1]
    return unseal(key, last.name, place("checkins", last.originator_id, last.originator_version, "name")).decode()


def readable(row: dict[str, Any], key: bytes) -> dict[str, Any]:
    shown = {name: value for name, value in row.items() if name != "member"}
    if row["note"] is not None:
        shown["note"] = unseal(key, bytes(row["note"]), place("checkins", row["id"], 1, "note")).decode()
    return shown
