"""Every version of every event that was ever published is kept in golden/ and must be read for ever.

A file is `SERVICE.NAME.vVERSION.json`; where a field is added later, a further file `...vVERSION.WHAT.json` shows it and the
older one stays as it is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.events import PublicEvent, all_events, read_event

FOLDER = Path(__file__).with_name("golden")
FILES = sorted(FOLDER.glob("*.json"))
EVENTS = all_events()


def ce_type(file: Path) -> str:
    return "alongside." + ".".join(file.name.split(".")[:3])


def golden(file: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(file.read_text())
    return data


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_has_a_golden_file_of_its_version_that_shows_every_field(name: str) -> None:
    event = EVENTS[name]
    files = [file for file in FILES if ce_type(file) == event.type()]
    assert files, f"write tests/contracts/golden/{name}.v{event.version}.json by hand, with fixed ids and times"
    shown = {field for file in files for field in golden(file)}
    assert shown == set(event.model_fields), f"a field was added to or taken from {name}: see this file's head"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_whatever_was_published_is_still_read(file: Path) -> None:
    event = read_event(ce_type(file), file.read_bytes())
    assert event.type().rpartition(".v")[0] == ce_type(file).rpartition(".v")[0]
    assert str(event.subject) in file.read_text()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_is_published_today_says_the_same_as_then(file: Path) -> None:
    event = read_event(ce_type(file), file.read_bytes())
    if event.type() == ce_type(file):
        today = json.loads(event.model_dump_json())
        assert {field: today[field] for field in golden(file)} == golden(file)


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_an_event_without_its_optional_fields_is_read(event: type[PublicEvent]) -> None:
    file = next(file for file in FILES if ce_type(file) == event.type())
    needed = {field for field, how in event.model_fields.items() if how.is_required()}
    least = {field: value for field, value in golden(file).items() if field in needed}
    assert isinstance(read_event(event.type(), msgspec.json.encode(least)), event)


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_a_field_that_a_later_release_adds_is_passed_over(event: type[PublicEvent]) -> None:
    file = next(file for file in FILES if ce_type(file) == event.type())
    later = golden(file) | {"added_later": {"a": 1}}
    assert read_event(event.type(), msgspec.json.encode(later)) == read_event(event.type(), file.read_bytes())
