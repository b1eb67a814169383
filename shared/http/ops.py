"""Routes for ops, the same in every service with views: where these are, what is parked, and replays."""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from shared.auth import Caller
from shared.errors import invalid
from shared.events import event_names
from shared.http.app import allow
from shared.http.bodies import Body
from shared.http.idempotency import Answer
from shared.http.parts import AnyParts, StoreParts
from shared.http.reading import After, Limit, decode_number, decode_time_and_id, page, time_and_id
from shared.projection.ops import Ops
from shared.projection.replays import Ask, Wish
from shared.projection.telling import shown_over_http

router = APIRouter(tags=["ops"])

Operator = Annotated[Caller, allow(roles=["ops", "admin"])]
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
Place = Annotated[str, Field(max_length=64, description="a sequence, SERVICE:SEQUENCE, or a time with its zone (RFC 3339)")]


class ReplayBody(Body):
    view: Annotated[str, Field(pattern="^[a-z0-9_]{1,40}$")]
    target: Literal["shadow", "dry-run"]
    since: Annotated[Place | None, Field(alias="from")] = None
    until: Annotated[Place | None, Field(alias="to")] = None
    types: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    members: Annotated[tuple[UUID, ...], Field(max_length=1_000)] = ()
    rate: Annotated[float, Field(gt=0, le=1e9, description="events a second at most")] | None = None

    def ask(self, by: str) -> Ask:
        """Raises a 422 Problem for a part of history in a shadow, for a type that there isn't."""
        limits = {"from": self.since, "to": self.until, "types": self.types, "members": [str(each) for each in self.members]}
        asked = {name: value for name, value in limits.items() if value not in (None, (), [])}
        if asked and self.target == "shadow":
            raise invalid(f"/{next(iter(asked))}", "a shadow is built from all of history")
        if strange := set(self.types) - event_names():
            raise invalid("/types", f"{len(strange)} of them aren't events")
        return Ask(self.view, self.target, by, asked, self.rate)


class ReplayStep(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    SWITCH = "switch"
    ROLL_BACK = "roll-back"


@router.get("/views")
async def views(api: AnyParts, _: Operator) -> dict[str, Any]:
    return {"items": await asyncio.to_thread(api.required_ops.views), "next": None}


@router.get("/parked")
async def parked(api: AnyParts, _: Operator, limit: Limit = 50, after: After = None) -> dict[str, Any]:
    ops = api.required_ops
    rows = await asyncio.to_thread(ops.parked, limit, decode_number(after))
    return {**page(rows, limit, lambda row: str(row["id"])), "groups": await asyncio.to_thread(ops.groups)}


@router.post("/parked/{parked}/retry", status_code=202)
async def retry(parked: Number, api: AnyParts, caller: Operator, request: Request) -> Response:
    return await _once(api, caller, request, 202, lambda ops: ops.retry(parked))


@router.post("/parked/{parked}/drop")
async def drop(parked: Number, api: AnyParts, caller: Operator, request: Request) -> Response:
    return await _once(api, caller, request, 200, lambda ops: ops.drop(parked, caller.attributed))


@router.post("/replays", status_code=201)
async def start(body: ReplayBody, api: AnyParts, caller: Operator, request: Request) -> Response:
    ask = body.ask(caller.attributed)
    return await _once(api, caller, request, 201, lambda ops: shown_over_http(ops.replays.get(ops.start(ask))))


@router.get("/replays")
async def replays(api: AnyParts, _: Operator, limit: Limit = 50, after: After = None) -> dict[str, Any]:
    rows = await asyncio.to_thread(api.required_ops.replays.page, limit, decode_time_and_id(after))
    return page([shown_over_http(row) for row in rows], limit, lambda row: time_and_id("created_at", row))


@router.get("/replays/{replay}")
async def replay(replay: UUID, api: AnyParts, _: Operator) -> dict[str, Any]:
    return shown_over_http(await asyncio.to_thread(api.required_ops.replays.get, replay))


@router.post("/replays/{replay}/{step}", status_code=202)
async def take_step(replay: UUID, step: ReplayStep, api: AnyParts, caller: Operator, request: Request) -> Response:
    return await _once(api, caller, request, 202, lambda ops: shown_over_http(ops.replays.wish(replay, Wish(step))))


async def _once(api: StoreParts[Any], caller: Caller, request: Request, status: int, do: Callable[[Ops], Any]) -> Response:
    async def make() -> Answer:
        return Answer(status, msgspec.json.encode(await asyncio.to_thread(do, api.required_ops)))

    key = await api.writes.request_key(request, caller)
    return api.writes.respond(await api.writes.once(key, make))
