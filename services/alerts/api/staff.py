"""Supporters and their endpoints."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from services.alerts.api.bodies import EndpointBody, Id, Registered, SupporterBody
from services.alerts.api.parts import Api
from shared.auth import Caller
from shared.http.app import allow

router = APIRouter(tags=["supporters"])

Admin = Annotated[Caller, allow(roles=["admin"])]
AdminOrSupporter = Annotated[Caller, allow(roles=["admin", "supporter"])]


@router.post("/supporters", status_code=201, response_model=Id)
async def enrol(body: SupporterBody, api: Api, caller: Admin, request: Request) -> Response:
    return await api.writes.answer(request, caller, body.command(), 201)


@router.post("/endpoints", status_code=201, response_model=Registered)
async def register(body: EndpointBody, api: Api, caller: AdminOrSupporter, request: Request) -> Response:
    return await api.writes.answer(request, caller, body.command(caller), 201)
