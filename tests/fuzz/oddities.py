"""Requests that no schema thinks of: near-right bodies with one odd thing in them, and everything around a body."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.fuzz.odd_values import HEADERS, METHODS, PATHS, QUERIES, TEXTS, TYPES, VALUES, WHOLE
from tests.fuzz.requests import Request


def odd(near: list[Request], right: list[Request], chance: random.Random) -> Iterator[Request]:
    """Without an end. Now and then one that is right, so that there is more to go wrong upon."""
    with_body = [request for request in near if request.body]
    while True:
        start = chance.choice(chance.choice([right, right, with_body, near]))
        yield start if start.meant and chance.random() < 0.3 else chance.choice(WAYS)(start, chance)


def _one_value(request: Request, chance: random.Random) -> Request:
    """One leaf of the body becomes a strange one."""
    try:
        body = json.loads(request.body)
    except ValueError:
        return request
    places = list(_places(body))
    if not places:
        return replace(request, body=json.dumps(chance.choice(VALUES)).encode())
    holder, name = chance.choice(places)
    if chance.random() < 0.5:
        holder[name] = chance.choice(VALUES)
        return replace(request, body=json.dumps(body).encode())
    holder[name] = "@here@"
    return replace(request, body=json.dumps(body).encode().replace(b'"@here@"', chance.choice(TEXTS), 1))


def _one_more_field(request: Request, chance: random.Random) -> Request:
    name = chance.choice(["colour", "", "a sentence that somebody wrote", "__proto__", "member", "x" * 300, "\ud800", "id"])
    start = b"{" + json.dumps(name).encode() + b":1,"
    return replace(request, body=request.body.replace(b"{", start, 1))


def _cut(request: Request, chance: random.Random) -> Request:
    at = chance.randrange(len(request.body) + 1)
    return replace(request, body=request.body[:at] + chance.randbytes(chance.randrange(4)) + request.body[at + 1 :])


def _whole(request: Request, chance: random.Random) -> Request:
    return replace(request, body=chance.choice(WHOLE), headers={"Content-Type": "application/json"})


def _type(request: Request, chance: random.Random) -> Request:
    body = chance.choice(WHOLE) if chance.random() < 0.3 else request.body
    return replace(request, headers={**request.headers, "Content-Type": chance.choice(TYPES)}, body=body)


def _header(request: Request, chance: random.Random) -> Request:
    name, value = chance.choice(HEADERS)
    return replace(request, headers={**request.headers, name: value})


def _query(request: Request, chance: random.Random) -> Request:
    return replace(request, target=f"{request.target.partition('?')[0]}?{chance.choice(QUERIES)}")


def _path(request: Request, chance: random.Random) -> Request:
    return replace(request, target=chance.choice(PATHS), label="an odd path")


def _method(request: Request, chance: random.Random) -> Request:
    return replace(request, method=chance.choice(METHODS))


def _event(request: Request, chance: random.Random) -> Request:
    """A CloudEvent, near right."""
    kind = chance.choice(["check-in", "distress-flag", "kudos", "survey-answer"])
    data = chance.choice(VALUES) if chance.random() < 0.3 else {"member": "00000000-0000-0000-0000-000000000000", "mood": 3}
    event = {"specversion": "1.0", "id": "1", "source": "/fuzz", "type": f"alongside.{kind}.v1", "data": data}
    event[chance.choice([*event, "time", "subject", "dataschema", "datacontenttype", "ext"])] = chance.choice(VALUES)
    batch = chance.random() < 0.5
    body = json.dumps([event, event, chance.choice(VALUES)] if batch else event).encode()
    media_type = f"application/cloudevents{'-batch' if batch else ''}+json"
    return Request("POST", "/events", {"Content-Type": media_type}, body, "/events")


WAYS: list[Callable[[Request, random.Random], Request]] = [
    _one_value, _one_value, _one_value, _one_more_field, _cut, _whole, _type, _header, _query, _path, _method, _event,
]  # fmt: skip


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield value, name
        yield from _places(inner)
