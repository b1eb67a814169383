"""CloudEvents in: `alongside.check-in.v1` and `alongside.distress-flag.v1`. An event's source and id are its key."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.checkins.api.bodies import CheckInBody, DistressFlagBody
from services.checkins.api.parts import Api
from services.checkins.application import Command
from shared.auth import Caller
from shared.errors import Problem, forbidden
from shared.http.app import allow, problem_of
from shared.http.cloudevents import Arrived, take_events

router = APIRouter(tags=["events"])

Program = Annotated[Caller, allow(scopes=["events:write"], roles=["admin"])]
SCOPES = {"alongside.check-in.v1": "check-ins:write", "alongside.distress-flag.v1": "flags:write"}


@router.post("/events", status_code=202)
async def take(request: Request, api: Api, caller: Program) -> Response:
    return await take_events(request, caller, api.writes, lambda event: _command(event, caller, api.clock()))


def _command(event: Arrived, caller: Caller, now: datetime) -> Command:
    """Raises a Problem for a type, data or scope that doesn't fit. The event's own `time` is a check-in's by default."""
    if event.type not in SCOPES:
        raise Problem(422, "unknown-event-type", "This service takes " + " and ".join(SCOPES) + ".")
    if not caller.may(["admin"], [SCOPES[event.type]]):
        raise forbidden()
    try:
        if event.type == "alongside.distress-flag.v1":
            return DistressFlagBody.model_validate(event.data).command()
        return CheckInBody.model_validate(event.data).command(now, event.time)
    except ValidationError as wrong:
        raise problem_of(wrong.errors()) from None
