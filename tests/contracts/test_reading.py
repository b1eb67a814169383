from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

import msgspec
import pytest
from pydantic import ValidationError

from shared.events import PublicEvent, UnknownEventType, all_events, checkins, read_event
from shared.events.contract import NewerVersion

NOW = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)


class LampLitEvent(PublicEvent):
    """Had `watts` in version 1. Its name keeps it out of the list of what is published."""

    service: ClassVar[str] = "lamps"
    subject_field: ClassVar[str] = "lamp"
    version: ClassVar[int] = 2

    lamp: UUID
    lumen: int

    @classmethod
    def upcast(cls, data: dict[str, Any], version: int) -> dict[str, Any]:
        assert version == 1
        return data | {"lumen": data["watts"] * 12}


def test_older_data_is_read_as_todays_version() -> None:
    old = msgspec.json.encode({"lamp": uuid4(), "watts": 5, "occurred_at": NOW})
    assert LampLitEvent.read(old, 1).lumen == 60


def test_a_check_in_of_the_first_version_has_nothing_found_in_its_note() -> None:
    told = {"occurred_at": NOW, "recorded_at": NOW, "member": uuid4(), "check_in": uuid4(), "mood": 2}
    stray = msgspec.json.encode(told | {"findings": [{"category": "guilt"}]})
    for value in (msgspec.json.encode(told), stray):
        event = read_event("alongside.checkins.CheckInRecorded.v1", value)
        assert isinstance(event, checkins.CheckInRecorded)
        assert event.findings == ()


def test_a_version_newer_than_this_release_is_not_taken_for_todays() -> None:
    with pytest.raises(NewerVersion):
        LampLitEvent.read(msgspec.json.encode({"lamp": uuid4(), "lumen": 5, "occurred_at": NOW}), 3)


@pytest.mark.parametrize("name", ["", "alongside.checkins.Nothing.v1", "alongside.checkins.MemberErased", "x.v", "a.b.v\u00b2"])
def test_a_type_that_is_not_known_says_so(name: str) -> None:
    with pytest.raises(UnknownEventType):
        read_event(name, b"{}")


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b'{"member": 1}', b'{"member": "\xff"}'])
def test_data_that_is_not_the_event_is_refused(value: bytes) -> None:
    with pytest.raises(ValidationError):
        read_event("alongside.checkins.MemberErased.v1", value)


def test_an_event_without_a_time_zone_is_refused() -> None:
    value = msgspec.json.encode({"member": uuid4(), "occurred_at": "2026-03-02T08:15:00"})
    with pytest.raises(ValidationError):
        read_event(checkins.MemberErased.type(), value)


@pytest.mark.parametrize("event", all_events().values(), ids=all_events())
def test_no_public_event_has_room_for_free_text(event: type[PublicEvent]) -> None:
    """Every text in a payload is a code, an id, a time, a closed category, or one of the few names of a place."""
    for name, schema in _texts(event.model_json_schema()):
        closed = schema.keys() & {"pattern", "format", "enum", "const"}
        assert closed or name in {"timezone", "country", "languages"}, f"{event.__name__}.{name}"


def _texts(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for part in (schema, *schema.get("$defs", {}).values()):
        for name, field in part.get("properties", {}).items():
            found += [(name, one) for one in _flat(field) if one.get("type") == "string"]
    return found


def _flat(field: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [*field.get("anyOf", ()), *([field["items"]] if "items" in field else ())]
    keys = [{"type": "string"} | field["propertyNames"]] if "propertyNames" in field else []
    return [field, *keys, *(part for one in inner for part in _flat(one))]
