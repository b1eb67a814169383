"""The narrow exception from consent: a clinical lead, by name, decides that somebody is in danger."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.alerts.api.bodies import DangerBody, Stepped
from services.alerts.api.parts import Api
from services.alerts.application.alerts import DecideDanger
from shared.auth import Caller
from shared.errors import forbidden
from shared.http.app import allow

router = APIRouter(tags=["alerts"])

Lead = Annotated[Caller, allow(roles=["clinical_lead"])]


@router.post("/alerts/{alert}/danger", response_model=Stepped)
async def decide(alert: UUID, body: DangerBody, api: Api, caller: Lead, request: Request) -> Response:
    command = DecideDanger(alert, _named(caller), body.ground)
    return await api.writes.answer(request, caller, command, 200)


def _named(caller: Caller) -> UUID:
    """Raises a 403 Problem for a program, and for a person whom nobody could name to the member."""
    if caller.member is None or caller.scopes:
        raise forbidden("This is decided by a person, by their own token.")
    return caller.member
