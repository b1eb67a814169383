"""CloudEvents in: `alongside.survey-answer.v1`, an answer that a program hands on.

The blind token takes the place of source and id: nothing of the envelope is kept, and what comes a second time is
rejected as used.
"""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.evaluation.api.bodies import AnsweredEvent
from services.evaluation.api.parts import Api
from services.evaluation.application import SubmitAnswers
from shared.auth import Caller
from shared.errors import Problem
from shared.http.app import allow, problem_of
from shared.http.cloudevents import Arrived, accept_all, arrived_events
from shared.http.idempotency import Answer
from shared.http.writes import Submission

router = APIRouter(tags=["events"])

Program = Annotated[Caller, allow(scopes=["events:write"], roles=["admin"])]
ANSWER = "alongside.survey-answer.v1"


@router.post("/events", status_code=202)
async def take(request: Request, api: Api, caller: Program) -> Response:
    arrived = arrived_events(request.headers, await request.body())

    async def one(event: Arrived) -> Answer:
        return await api.writes.submit(Submission(_command(event), 202))

    return api.writes.respond(await accept_all(arrived, one))


def _command(event: Arrived) -> SubmitAnswers:
    """Raises a Problem for a type or data that doesn't fit."""
    if event.type != ANSWER:
        raise Problem(422, "unknown-event-type", f"This service takes {ANSWER}.")
    try:
        data = AnsweredEvent.model_validate(event.data)
    except ValidationError as wrong:
        raise problem_of(wrong.errors()) from None
    return data.command(data.survey)
