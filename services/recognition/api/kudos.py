"""Kudos: given, and read by those who gave and received them."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.recognition.api.bodies import Id, KudosBody
from services.recognition.api.parts import FOLLOWED, Api
from shared.auth import PEOPLE_AND_ADMIN, ROLES, Caller
from shared.http.app import allow
from shared.http.erasures import Reapplied
from shared.http.reading import After, AtLeast, Limit, decode_time_and_id, page, time_and_id, wait_until

router = APIRouter(tags=["kudos"])

Giver = Annotated[Caller, allow(roles=sorted(PEOPLE_AND_ADMIN), scopes=["kudos:write"])]
Reader = Annotated[Caller, allow(roles=sorted(ROLES), scopes=["kudos:write"])]
WHO = ("giver", "receivers")


@router.post("/kudos", status_code=201, response_model=Id)
async def give(body: KudosBody, api: Api, caller: Giver, request: Request) -> Response:
    caller.require_acting_for(body.giver)
    return await api.writes.answer(request, caller, body.command(api.clock()), 201)


@router.get("/kudos")
async def kudos(
    api: Api, caller: Reader, _: Reapplied, limit: Limit = 50, after: After = None, at_least: AtLeast = None
) -> dict[str, Any]:
    """A person's own, with messages; a program's are everybody's without messages, and ops see neither message nor people."""
    await wait_until(at_least, api.stored, FOLLOWED)
    rows = await asyncio.to_thread(_visible, api, caller, limit, decode_time_and_id(after))
    return page(rows, limit, lambda row: time_and_id("given_at", row))


def _visible(api: Api, caller: Caller, limit: int, before: tuple[datetime, UUID] | None) -> Sequence[dict[str, Any]]:
    if "ops" in caller.roles:
        rows = api.recognition.all_kudos(limit, before)
        return [{name: value for name, value in row.items() if name not in WHO} for row in rows]
    if caller.member:
        return api.recognition.kudos_of(caller.member, limit, before)
    return api.recognition.all_kudos(limit, before) if caller.may(["admin"], ["kudos:write"]) else []
