"""Alerts: reading them, the supporter's steps by token or claim link, and the member's cancelling."""

import asyncio
from enum import StrEnum
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.alerts.api import claim_page
from services.alerts.api.bodies import Stepped
from services.alerts.api.callers import MAY_CLOSE_ANY, SUPPORTS_ROLES, AtTheDoor, ClaimToken, Person, Visitor
from services.alerts.api.parts import Api
from services.alerts.application.alerts import CancelAlert, TakeStep
from shared.auth import ROLES
from shared.http.erasures import Reapplied
from shared.http.reading import After, AtLeast, Limit, decode_time_and_id, page, time_and_id
from shared.http.scopes import lets_in

router = APIRouter(tags=["alerts"])


class Step(StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"
    LATER = "later"
    CONTACT = "contact"
    CLOSE = "close"


@router.get("/alerts")
async def alerts(
    api: Api, who: Person, _: Reapplied, limit: Limit = 50, after: After = None, at_least: AtLeast = None
) -> dict[str, Any]:
    await api.wait_for(at_least)
    rows = await asyncio.to_thread(api.reading.alerts, who.reader, limit, decode_time_and_id(after))
    return page(rows, limit, lambda row: time_and_id("raised_at", row))


@router.get("/alerts/{alert}")
async def read(alert: UUID, api: Api, who: AtTheDoor, _: Reapplied, at_least: AtLeast = None) -> dict[str, Any]:
    await api.wait_for(at_least)
    return await asyncio.to_thread(api.reading.alert, alert, who.reader)


@router.get("/alerts/{alert}/claim", include_in_schema=False)
async def claim(alert: UUID, api: Api, who: AtTheDoor, _: Reapplied, token: ClaimToken = None) -> Response:
    found, offer = await asyncio.to_thread(api.reading.offer, alert, who.reader)
    return claim_page.response(found, offer, token)


@router.post("/alerts/{alert}/cancel", response_model=Stepped)
@lets_in((), ROLES)
async def cancel(alert: UUID, api: Api, who: Person, request: Request) -> Response:
    return await api.writes.answer(request, who.caller, CancelAlert(alert, who.caller.member), 200)


@router.post("/alerts/{alert}/{step}", response_model=Stepped, responses=claim_page.TO_THE_PAGE)
@lets_in((), SUPPORTS_ROLES | MAY_CLOSE_ANY, by_link=True)
async def take_step(alert: UUID, step: Step, api: Api, who: AtTheDoor, request: Request) -> Response:
    command = _command(alert, step, who)
    return await claim_page.answer(request, alert, lambda: api.writes.answer(request, who.caller, command, 200))


def _command(alert: UUID, step: Step, who: Visitor) -> TakeStep:
    """A clinical lead or an admin who isn't the alert's supporter closes it as such."""
    sequence = who.claim.sequence if who.claim else None
    if step is Step.CLOSE and who.supporter is None and not who.caller.roles.isdisjoint(MAY_CLOSE_ANY):
        return TakeStep(alert, step, None, None, who.caller.member)
    return TakeStep(alert, step, who.require_supporter(), sequence)
