"""Deliveries, as ops sees them."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.alerts.api.bodies import Stepped
from services.alerts.api.parts import Api
from services.alerts.application.owing import RetryDelivery
from shared.auth import Caller
from shared.http.app import allow
from shared.http.reading import After, AtLeast, Limit, decode_time_and_id, page, time_and_id

router = APIRouter(tags=["deliveries"])

Ops = Annotated[Caller, allow(roles=["ops", "admin"])]


@router.get("/deliveries")
async def deliveries(
    api: Api, _: Ops, alert: UUID | None = None, limit: Limit = 50, after: After = None, at_least: AtLeast = None
) -> dict[str, Any]:
    await api.wait_for(at_least)
    rows = await asyncio.to_thread(api.owing.deliveries, alert, limit, decode_time_and_id(after))
    return page(rows, limit, lambda row: time_and_id("owed_since", row))


@router.post("/deliveries/{delivery}/retry", response_model=Stepped)
async def retry(delivery: UUID, api: Api, caller: Ops, request: Request) -> Response:
    return await api.writes.answer(request, caller, RetryDelivery(delivery), 200)
