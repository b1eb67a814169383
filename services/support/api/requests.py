"""Requests for support: made by members, under their name or a pseudonym; read and answered by supporters."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.support.api.bodies import Id, Made, MessageBody, RequestBody
from services.support.api.parts import FOLLOWED, Api
from services.support.application import Close, Say, Who
from shared.auth import Caller
from shared.errors import forbidden
from shared.http.app import allow
from shared.http.erasures import Reapplied
from shared.http.held import Person
from shared.http.reading import After, AtLeast, Limit, decode_time_and_id, page, time_and_id, wait_until

router = APIRouter(tags=["requests"])

SUPPORTS = frozenset({"supporter", "clinical_lead"})
Supporter = Annotated[Caller, allow(roles=sorted(SUPPORTS))]


@router.post("/requests", status_code=201, response_model=Made)
async def make(body: RequestBody, api: Api, caller: Person, request: Request) -> Response:
    if caller.member != body.member:
        raise forbidden("A request is made with one's own token.")
    return await api.writes.answer(request, caller, body.command(), 201)


@router.get("/requests")
async def waiting(
    api: Api, caller: Supporter, _: Reapplied, limit: Limit = 50, after: After = None, at_least: AtLeast = None
) -> dict[str, Any]:
    """The requests that are open, oldest first, without a word of them."""
    await wait_until(at_least, api.stored, FOLLOWED)
    rows = await asyncio.to_thread(api.support.open, who(caller), limit, decode_time_and_id(after))
    return page(rows, limit, lambda row: time_and_id("made_at", row))


@router.get("/requests/{request_id}")
async def read(request_id: UUID, api: Api, caller: Person, _: Reapplied, at_least: AtLeast = None) -> dict[str, Any]:
    """With all that was said; who made it sees which supporters read it."""
    await wait_until(at_least, api.stored, FOLLOWED)
    return await asyncio.to_thread(api.support.read, request_id, who(caller))


@router.post("/requests/{request_id}/messages", status_code=201, response_model=Id)
async def say(request_id: UUID, body: MessageBody, api: Api, caller: Person, request: Request) -> Response:
    return await api.writes.answer(request, caller, Say(request_id, who(caller), body.text), 201)


@router.post("/requests/{request_id}/close", response_model=Id)
async def close(request_id: UUID, api: Api, caller: Person, request: Request) -> Response:
    return await api.writes.answer(request, caller, Close(request_id, who(caller)), 200)


def who(caller: Caller) -> Who:
    """Raises a 403 Problem for who isn't a person."""
    if caller.member is None:
        raise forbidden("Only a person can do this.")
    return Who(caller.member, not caller.roles.isdisjoint(SUPPORTS))
