"""CloudEvents in: `alongside.kudos.v1`. An event's source and id are its key, its time is when the kudos were meant."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.recognition.api.bodies import KudosBody
from services.recognition.api.parts import Api
from services.recognition.application import GiveKudos
from shared.auth import Caller
from shared.errors import Problem, forbidden
from shared.http.app import allow, problem_of
from shared.http.cloudevents import Arrived, accept_all, arrived_events
from shared.http.idempotency import Answer, RequestKey
from shared.http.writes import Submission

router = APIRouter(tags=["events"])

Program = Annotated[Caller, allow(scopes=["events:write"], roles=["admin"])]
KUDOS = "alongside.kudos.v1"


@router.post("/events", status_code=202)
async def take(request: Request, api: Api, caller: Program) -> Response:
    arrived = arrived_events(request.headers, await request.body())

    async def one(event: Arrived) -> Answer:
        key = RequestKey.of(caller.subject, event.key, event.type.encode(), msgspec.json.encode(event.data))
        return await api.writes.submit(Submission(_command(event, caller, api.clock()), 202, key))

    return api.writes.respond(await accept_all(arrived, one))


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
