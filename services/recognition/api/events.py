"""CloudEvents in: `alongside.kudos.v1`. An event's source and id are its key, its time is when the kudos were meant."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.recognition.api.bodies import KudosBody
from services.recognition.api.parts import Api
from services.recognition.application import GiveKudos
from shared.auth import Caller
from shared.errors import Problem, forbidden
from shared.http.app import allow, problem_of
from shared.http.cloudevents import Arrived, take_events

router = APIRouter(tags=["events"])

Program = Annotated[Caller, allow(scopes=["events:write"], roles=["admin"])]
KUDOS = "alongside.kudos.v1"


@router.post("/events", status_code=202)
async def take(request: Request, api: Api, caller: Program) -> Response:
    return await take_events(request, caller, api.writes, lambda event: _command(event, caller, api.clock()))


def _command(event: Arrived, caller: Caller, now: datetime) -> GiveKudos:
    """Raises a Problem for a type, data or scope that doesn't fit."""
    if event.type != KUDOS:
        raise Problem(422, "unknown-event-type", f"This service takes {KUDOS}.")
    if not caller.may(["admin"], ["kudos:write"]):
        raise forbidden()
    try:
        return KudosBody.model_validate(event.data).command(now, event.time)
    except ValidationError as wrong:
        raise problem_of(wrong.errors()) from None
