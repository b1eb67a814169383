"""CloudEvents 1.0 over HTTP in its three content modes: binary, structured and batch.

The `cloudevents` library reads single events; the batch is ours, so that a bad event never loses the good ones.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from shared.errors import FieldError, Problem
from shared.http.idempotency import Answer

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
LARGEST_BATCH = 1_000


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
        return [_read_item(item) for item in _batch(body)]
    if media_type == STRUCTURED:
        return [_read_structured(body)]
    if "ce-specversion" in headers or "ce-type" in headers:
        return [_read_binary(headers, body)]
    raise Problem(415, "not-a-cloudevent", f"Send {STRUCTURED}, {BATCH}, or ce- headers with a JSON body.")


def _batch(body: bytes) -> list[Any]:
    """Read by the tolerant `json`: half a surrogate pair in one event must not lose the others."""
    try:
        items = json.loads(body)
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list):
        raise Problem(400, "not-json", "The body isn't a JSON list.")
    if len(items) > LARGEST_BATCH:
        raise Problem(413, "too-large", f"A batch may have {LARGEST_BATCH} events at most.")
    return items


def _read_item(item: Any) -> Arrived | Problem:
    try:
        return _read_structured(json.dumps(item).encode())
    except RecursionError as wrong:
        return _unreadable(wrong)


def _read_structured(body: bytes) -> Arrived | Problem:
    try:
        return _arrived(JSONFormat().read(CloudEvent, body))
    except Exception as wrong:
        return _unreadable(wrong)


def _read_binary(headers: Mapping[str, str], body: bytes) -> Arrived | Problem:
    try:
        return _arrived(from_binary(HTTPMessage(dict(headers), body), JSONFormat(), CloudEvent))
    except Exception as wrong:
        return _unreadable(wrong)


def _arrived(event: BaseCloudEvent) -> Arrived:
    """Raises for data that can't be written again as JSON, which its fingerprint needs (half a surrogate pair)."""
    msgspec.json.encode(event.get_data())
    return Arrived(event.get_source(), event.get_id(), event.get_type(), event.get_time(), event.get_data())


def _unreadable(wrong: Exception) -> Problem:
    return Problem(400, "not-a-cloudevent", f"The event can't be read ({type(wrong).__name__}).")


async def accept_all(arrived: Sequence[Arrived | Problem], submit: Callable[[Arrived], Awaitable[Answer]]) -> Answer:
    """Submits every event and says which were rejected, by index; those accepted are counted. One event alone that is
    rejected is answered by its own problem."""
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
