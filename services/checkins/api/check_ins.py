"""Check-ins one by one and in batches, and colleagues' distress flags."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.checkins.api.bodies import CheckInBody, DistressFlagBody, Id, Recorded
from services.checkins.api.parts import Api
from services.checkins.application import RecordCheckIn, RecordCheckIns
from shared.auth import Caller
from shared.clock import Clock
from shared.errors import Problem
from shared.http.app import allow, problem_of

router = APIRouter(tags=["check-ins"])

LARGEST_BATCH = 1_000

Program = Annotated[Caller, allow(scopes=["check-ins:write"], roles=["admin"])]
Author = Annotated[Caller, allow(scopes=["check-ins:write"], roles=["member", "supporter", "admin"])]
Reporter = Annotated[Caller, allow(scopes=["flags:write"], roles=["member", "supporter", "admin"])]


@router.post("/check-ins", status_code=201, response_model=Recorded)
async def record(body: CheckInBody, api: Api, caller: Author, request: Request) -> Response:
    caller.require_acting_for(body.member)
    return await api.writes.answer(request, caller, body.command(api.clock()), 201)


@router.post("/check-ins/batch", status_code=207)
async def record_batch(body: list[Any], api: Api, caller: Program, request: Request) -> Response:
    if len(body) > LARGEST_BATCH:
        raise Problem(413, "too-large", f"A batch may have {LARGEST_BATCH} check-ins at most.")
    return await api.writes.answer(request, caller, batch_command(body, api.clock), 207)


@router.post("/distress-flags", status_code=201, response_model=Id)
async def flag(body: DistressFlagBody, api: Api, caller: Reporter, request: Request) -> Response:
    if body.reporter:
        caller.require_acting_for(body.reporter)
    return await api.writes.answer(request, caller, body.command(), 201)


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
