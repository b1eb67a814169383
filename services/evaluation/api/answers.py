"""Answers, with the blind token alone: who sends them is not asked, not kept and not logged."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.evaluation.api.bodies import AnswersBody, Thanks
from services.evaluation.api.parts import Api
from shared.http.app import Anyone
from shared.http.writes import Submission

router = APIRouter(tags=["answers"])


@router.post("/surveys/{survey}/answers", status_code=201, response_model=Thanks)
async def submit(survey: UUID, body: AnswersBody, api: Api, _: Anyone) -> Response:
    return api.writes.respond(await api.writes.submit(Submission(body.command(survey), 201)))
