"""Surveys are opened and closed by evaluators; each member who is asked draws one token."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response

from services.evaluation.api.bodies import Id, SurveyBody, Token
from services.evaluation.api.parts import Api
from services.evaluation.application import CloseSurvey, DrawToken, Retry
from shared.auth import ROLES, Caller
from shared.errors import forbidden
from shared.http.app import Anyone, allow
from shared.http.reading import After, Limit, decode_time_and_id, page, time_and_id
from shared.http.writes import Submission

router = APIRouter(tags=["surveys"])

Evaluator = Annotated[Caller, allow(roles=["evaluator", "admin"], scopes=["surveys:write"])]
Person = Annotated[Caller, allow(roles=sorted(ROLES))]
Reader = Annotated[Caller, allow(roles=sorted(ROLES), scopes=["surveys:write"])]


@router.get("/instruments")
async def instruments(api: Api, _: Anyone) -> dict[str, Any]:
    items = [api.readings.instruments[name] for name in sorted(api.readings.instruments)]
    return {"items": msgspec.to_builtins(items), "next": None}


@router.post("/surveys", status_code=201, response_model=Id)
async def open_survey(body: SurveyBody, api: Api, caller: Evaluator, request: Request) -> Response:
    return await api.writes.answer(request, caller, body.command(), 201)


@router.get("/surveys")
async def surveys(api: Api, caller: Reader, limit: Limit = 50, after: After = None) -> dict[str, Any]:
    rows = await asyncio.to_thread(api.readings.page, limit, decode_time_and_id(after))
    return page(rows, limit, lambda row: time_and_id("opens", row))


@router.get("/surveys/{survey}")
async def survey(survey: UUID, api: Api, caller: Reader) -> dict[str, Any]:
    return asdict(await asyncio.to_thread(api.readings.survey, survey))


@router.post("/surveys/{survey}/close", response_model=Id)
async def close(survey: UUID, api: Api, caller: Evaluator, request: Request) -> Response:
    return await api.writes.answer(request, caller, CloseSurvey(survey), 200)


@router.post("/surveys/{survey}/tokens", status_code=201, response_model=Token)
async def draw(survey: UUID, api: Api, caller: Person, request: Request) -> Response:
    """The answer isn't kept with the others: what is kept for a retry, nobody but its sender can open."""
    if caller.member is None:
        raise forbidden("A token is drawn with a member's own token.")
    key = await api.writes.request_key(request, caller)
    retry = Retry(key, api.secret_of(request.headers["idempotency-key"])) if key else None
    return api.writes.respond(await api.writes.submit(Submission(DrawToken(survey, caller.member, retry), 201)))
