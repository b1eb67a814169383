"""The fast decoder and pydantic, held against each other: on what the relay writes, and on what nobody should have written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, ValidationError
from pydantic.fields import FieldInfo

from shared.events import PublicEvent, all_events, checkins, read_event

EVENTS = all_events()

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | st.uuids().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.timezones())
ALMOST = st.sampled_from(["", " ", "0", "1", "true", "2026-03-02T08:15:00", "2026-03-02", "1e3", "0x1", "\u0661", "NaN", "-0"])


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
@settings(max_examples=40)
@given(data=st.data())
def test_what_is_published_is_read_by_both_as_the_same(event: type[PublicEvent], data: st.DataObject) -> None:
    written = data.draw(events_of(event)).model_dump_json().encode()
    assert same(fast(event, written), event.model_validate_json(written))


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
@settings(max_examples=40)
@given(data=st.data())
def test_what_is_wrong_is_refused_by_both_or_read_as_the_same(event: type[PublicEvent], data: st.DataObject) -> None:
    fields = json.loads(data.draw(events_of(event)).model_dump_json())
    written = json.dumps(data.draw(mutations_of(fields))).encode()
    assert agreed(event, written)


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
@settings(max_examples=40)
@given(data=st.data())
def test_bytes_cut_or_changed_anywhere_are_refused_by_both_or_read_as_the_same(
    event: type[PublicEvent], data: st.DataObject
) -> None:
    written = bytearray(data.draw(events_of(event)).model_dump_json().encode())
    place = data.draw(st.integers(0, len(written) - 1))
    written[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=2))
    assert agreed(event, bytes(written))


def same(one: PublicEvent, other: PublicEvent) -> bool:
    """Equal in every way that anybody could notice."""
    said = one.model_dump_json() == other.model_dump_json() and one.model_fields_set == other.model_fields_set
    return said and type(one) is type(other) and one == other and hash(one.subject) == hash(other.subject)


def agreed(event: type[PublicEvent], written: bytes) -> bool:
    try:
        slow = event.model_validate_json(written)
    except ValidationError:
        with pytest.raises(ValidationError):
            fast(event, written)
        return True
    return same(fast(event, written), slow)


def fast(event: type[PublicEvent], written: bytes) -> PublicEvent:
    """By the decoder, that is from the second time on."""
    with suppress(ValidationError):
        read_event(event.type(), b"{}")
    return read_event(event.type(), written)


@pytest.mark.parametrize(
    "time", [b"2026-03-02T08:15:00.0000005Z", b"2026-03-02T08:15:00.0000015Z", b"2026-03-02T08:15:00\x80Z"]
)
def test_times_in_a_form_that_the_relay_never_writes_are_read_as_pydantic_does(time: bytes) -> None:
    written = b'{"member": "00000000-0000-0000-0000-000000000001", "occurred_at": "' + time + b'"}'
    assert agreed(checkins.MemberErased, written)


def events_of(event: type[BaseModel]) -> st.SearchStrategy[Any]:
    return st.builds(event, **{name: values_of(one.annotation, one.metadata) for name, one in event.model_fields.items()})


def values_of(annotation: Any, metadata: Sequence[Any] = ()) -> st.SearchStrategy[Any]:
    limits = {key: value for one in flat(metadata) for key in LIMITS if (value := getattr(one, key, None)) is not None}
    match get_origin(annotation), get_args(annotation):
        case origin, (inner, *more) if origin is Annotated:
            return values_of(inner, more)
        case origin, (inner, end) if origin is tuple and end is ...:
            sizes = {"min_size": limits.get("min_length", 0), "max_size": limits.get("max_length", 5)}
            return st.lists(values_of(inner), **sizes).map(tuple)
        case origin, (key, value) if origin is dict:
            return st.dictionaries(values_of(key), values_of(value), max_size=4)
        case origin, choices if origin in (Union, UnionType):
            return st.one_of(*(values_of(choice) for choice in choices))
    return plain(annotation, limits)


LIMITS = ("ge", "le", "min_length", "max_length", "pattern")


def plain(annotation: Any, limits: dict[str, Any]) -> st.SearchStrategy[Any]:
    if annotation is AwareDatetime:
        return TIMES
    if annotation is int:
        return st.integers(limits.get("ge"), limits.get("le"))
    if annotation is str and "pattern" in limits:
        return st.from_regex(limits["pattern"].replace("$", r"\Z"), fullmatch=True)
    if annotation is str:
        return st.text(max_size=40)
    if annotation is float:
        return st.floats(limits.get("ge"), limits.get("le"), allow_nan=False, allow_infinity=False)
    return events_of(annotation) if issubclass(annotation, BaseModel) else st.from_type(annotation)


def flat(metadata: Sequence[Any]) -> list[Any]:
    """A field within an annotation has limits of its own."""
    return [each for one in metadata for each in (one.metadata if isinstance(one, FieldInfo) else [one])]


@st.composite
def mutations_of(draw: st.DrawFn, fields: dict[str, Any]) -> dict[str, Any]:
    """Left out, put in, or made something else, here or further in."""
    name = draw(st.sampled_from(sorted(fields)))
    match draw(st.sampled_from(("leave out", "put in", "change", "within"))):
        case "leave out":
            return {key: value for key, value in fields.items() if key != name}
        case "put in":
            return fields | {draw(st.text(max_size=8)): draw(JSON)}
        case "within" if isinstance(fields[name], dict) and fields[name]:
            return fields | {name: draw(mutations_of(fields[name]))}
        case "within" if isinstance(fields[name], list):
            return fields | {name: [*fields[name], draw(JSON | ALMOST)]}
    return fields | {name: draw(JSON | ALMOST)}
