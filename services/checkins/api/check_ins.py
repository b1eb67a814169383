"""Check-ins one by one and in batches, and colleagues' distress flags."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.checkins.api.bodies import CheckInBody, DistressFlagBody, Id, Recorded
from services.checkins.api.parts import Api
from services.checkins.application import RecordCheckIn, RecordCheckIns
from shared.auth import PEOPLE_AND_ADMIN, Caller
from shared.clock import Clock
from shared.errors import Problem
from shared.http.app import allow, problem_of
from shared.http.bodies import require_json
from shared.http.cloudevents import json_items

router = APIRouter(tags=["check-ins"])

LARGEST_BATCH = 1_000
BATCH_SCHEMA: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "each item is as in POST /check-ins",
        "content": {"application/json": {"schema": {"type": "array", "maxItems": LARGEST_BATCH, "items": {"type": "object"}}}},
    }
}

Program = Annotated[Caller, allow(scopes=["check-ins:write"], roles=["admin"])]
Author = Annotated[Caller, allow(scopes=["check-ins:write"], roles=sorted(PEOPLE_AND_ADMIN))]
Reporter = Annotated[Caller, allow(scopes=["flags:write"], roles=sorted(PEOPLE_AND_ADMIN))]


@router.post("/check-ins", status_code=201, response_model=Recorded)
async def record(body: CheckInBody, api: Api, caller: Author, request: Request) -> Response:
    caller.require_acting_for(body.member)
    return await api.writes.answer(request, caller, body.command(api.clock()), 201)


@router.post("/check-ins/batch", status_code=207, openapi_extra=BATCH_SCHEMA)
async def record_batch(api: Api, caller: Program, request: Request) -> Response:
    require_json(request)
    items = json_items(await request.body(), LARGEST_BATCH)
    return await api.writes.answer(request, caller, batch_command(items, api.clock), 207)


@router.post("/distress-flags", status_code=201, response_model=Id)
async def flag(body: DistressFlagBody, api: Api, caller: Reporter, request: Request) -> Response:
    if body.reporter:
        caller.require_acting_for(body.reporter)
    return await api.writes.answer(request, caller, body.command(caller.member), 201)


def batch_command(items: list[Any], clock: Clock) -> RecordCheckIns:
    """A batch in which what can't be read is rejected with its reason, and the rest goes on."""
    now = clock()
    good: list[tuple[int, RecordCheckIn]] = []
    rejected: list[tuple[int, Problem]] = []
    for index, item in enumerate(items):
        try:
            good.append((index, CheckInBody.model_validate(item).command(now)))
        except ValidationError as wrong:
            rejected.append((index, problem_of(wrong.errors())))
        except Problem as problem:
            rejected.append((index, problem))
    return RecordCheckIns(tuple(c for _, c in good), tuple(i for i, _ in good), tuple(rejected))
