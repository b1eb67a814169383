"""Who may be asked about whom, as people say it: conflicts, blocks, and each member's choice of supporters."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.alerts.api.bodies import BlockBody, ConflictBody, Id, PreferencesBody, PreferencesSaid, Stepped
from services.alerts.api.parts import Api
from services.alerts.application.wishing import EndConflict, Unblock
from shared.auth import PEOPLE, PEOPLE_AND_ADMIN, Caller
from shared.http.app import allow

router = APIRouter(tags=["who may be asked"])

Person = Annotated[Caller, allow(roles=sorted(PEOPLE))]
PersonOrAdmin = Annotated[Caller, allow(roles=sorted(PEOPLE_AND_ADMIN))]


@router.post("/conflicts", status_code=201, response_model=Id)
async def declare(body: ConflictBody, api: Api, caller: PersonOrAdmin, request: Request) -> Response:
    return await api.writes.answer(request, caller, body.command(caller), 201)


@router.delete("/conflicts/{conflict}", response_model=Stepped)
async def end(conflict: UUID, api: Api, caller: PersonOrAdmin, request: Request) -> Response:
    return await api.writes.answer(request, caller, EndConflict(conflict, caller), 200)


@router.post("/blocks", status_code=201, response_model=Id)
async def block(body: BlockBody, api: Api, caller: Person, request: Request) -> Response:
    return await api.writes.answer(request, caller, body.command(caller), 201)


@router.delete("/blocks/{block}", response_model=Stepped)
async def unblock(block: UUID, api: Api, caller: Person, request: Request) -> Response:
    return await api.writes.answer(request, caller, Unblock(block, caller), 200)


@router.post("/members/{member}/preferences", response_model=PreferencesSaid)
async def prefer(member: UUID, body: PreferencesBody, api: Api, caller: Person, request: Request) -> Response:
    return await api.writes.answer(request, caller, body.command(member, caller), 200)
