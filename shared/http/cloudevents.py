"""CloudEvents 1.0 over HTTP in its three content modes: binary, structured and batch.

The `cloudevents` library reads single events; the batch is ours, so that a bad event never loses the good ones.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from fastapi import Request, Response

from shared.auth import Caller
from shared.errors import FieldError, Problem, invalid
from shared.http.idempotency import Answer, RequestKey
from shared.http.writes import Submission, Writes, request_key

C = TypeVar("C")
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
LARGEST_BATCH = 1_000
MOST_DIGITS = 300
REQUIRED = ("specversion", "id", "source", "type")


@dataclass(frozen=True)
class Arrived:
    """One CloudEvent as its sender gave it. `source` and `id` together are its key."""

    source: str
    id: str
    type: str
    time: datetime | None
    data: Any

    @property
    def key(self) -> str:
        return f"event {len(self.source)} {self.source} {self.id}"


def arrived_events(headers: Mapping[str, str], body: bytes) -> list[Arrived | Problem]:
    """Every event of a request, or what is wrong with it, in order. Raises a Problem where nothing can be read at all."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == BATCH:
        return [_read_item(item) for item in json_items(body, LARGEST_BATCH)]
    if media_type == STRUCTURED:
        return [_read_structured(body)]
    if "ce-specversion" in headers or "ce-type" in headers:
        return [_read_binary(headers, body)]
    raise Problem(415, "not-a-cloudevent", f"Send {STRUCTURED}, {BATCH}, or ce- headers with a JSON body.")


def json_items(body: bytes, most: int) -> list[Any]:
    """The items of a JSON list, read tolerantly: half a surrogate pair or an endless number in one must not lose the others.

    Raises a 400 Problem for what isn't JSON, a 422 for what isn't a list, a 413 for more than `most`.
    """
    try:
        items = json.loads(body, parse_int=_number)
    except (ValueError, RecursionError):
        raise Problem(400, "not-json", "The body isn't JSON.") from None
    if not isinstance(items, list):
        raise invalid("", "must be a list")
    if len(items) > most:
        raise Problem(413, "too-large", f"A batch may have {most} items at most.")
    return items


def _number(digits: str) -> int | str:
    """What is too long for a number stays text, which no field takes for one."""
    return int(digits) if len(digits) <= MOST_DIGITS else digits


def _read_item(item: Any) -> Arrived | Problem:
    try:
        return _read_structured(json.dumps(item).encode())
    except RecursionError as wrong:
        return _unreadable(wrong)


def _read_structured(body: bytes) -> Arrived | Problem:
    try:
        given = json.loads(body)
        return _arrived(given, JSONFormat().read(CloudEvent, body))
    except Exception as wrong:
        return _unreadable(wrong)


def _read_binary(headers: Mapping[str, str], body: bytes) -> Arrived | Problem:
    try:
        given = {name.removeprefix("ce-") for name in headers}
        return _arrived(given, from_binary(HTTPMessage(dict(headers), body), JSONFormat(), CloudEvent))
    except Exception as wrong:
        return _unreadable(wrong)


def _arrived(given: Container[str], event: BaseCloudEvent) -> Arrived:
    """Raises for a required attribute that isn't given (the library would make one up), and for what can't be written again
    as JSON, which its key and its fingerprint need (half a surrogate pair)."""
    missing = [name for name in REQUIRED if name not in given]
    if missing:
        raise KeyError(missing[0])
    msgspec.json.encode([event.get_source(), event.get_id(), event.get_type(), event.get_data()])
    return Arrived(event.get_source(), event.get_id(), event.get_type(), event.get_time(), event.get_data())


def _unreadable(wrong: Exception) -> Problem:
    return Problem(400, "not-a-cloudevent", f"The event can't be read ({type(wrong).__name__}).")


async def take_events(request: Request, caller: Caller, writes: Writes[C], command_of: Callable[[Arrived], C]) -> Response:
    """Submits every event and says which were rejected, by index; those accepted are counted. One event alone that is
    rejected is answered by its own problem. `command_of` raises the Problem of an event that doesn't fit."""
    body = await request.body()
    arrived = arrived_events(request.headers, body)

    async def submit(event: Arrived) -> Answer:
        key = RequestKey.of(caller.identity, event.key, event.type.encode(), msgspec.json.encode(event.data))
        return await writes.submit(Submission(command_of(event), 202, key))

    return writes.respond(await writes.once(await request_key(request, caller), lambda: accept_all(arrived, submit)))


async def accept_all(arrived: Sequence[Arrived | Problem], submit: Callable[[Arrived], Awaitable[Answer]]) -> Answer:
    """How many were accepted and which were rejected, by index. One event alone that is rejected raises its own problem."""
    outcomes = await asyncio.gather(*(_outcome(event, submit) for event in arrived))
    rejected = [(index, outcome) for index, outcome in enumerate(outcomes) if isinstance(outcome, Problem)]
    if len(outcomes) == 1 and rejected:
        raise rejected[0][1]
    accepted = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
    problems = [{"index": index, "problem": problem.body()} for index, problem in rejected]
    positions = [answer.position for answer in accepted if answer.position is not None]
    body = msgspec.json.encode({"accepted": len(accepted), "rejected": problems})
    return Answer(202, body, max(positions, default=None))


async def _outcome(event: Arrived | Problem, submit: Callable[[Arrived], Awaitable[Answer]]) -> Answer | Problem:
    """A kept 4xx answer is the problem it was. Raises what isn't the event's own fault, so that all is sent again."""
    if isinstance(event, Problem):
        return event
    try:
        answer = await submit(event)
    except Problem as problem:
        if problem.may_be_retried:
            raise
        return problem
    if answer.status < 400:
        return answer
    kept = msgspec.json.decode(answer.body)
    errors = [FieldError(error["pointer"], error["detail"]) for error in kept.get("errors", ())]
    return Problem(answer.status, kept["type"].rpartition("/")[2], kept["detail"], errors)
