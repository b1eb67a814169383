"""Members: enrolment, changes, erasure, and a member's own record."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.checkins.api.bodies import ErasedMember, Id, MemberBody, MemberChangeBody, with_position
from services.checkins.api.parts import FOLLOWED, Api
from services.checkins.application import EraseMember
from shared.auth import PEOPLE_AND_ADMIN, Caller
from shared.errors import forbidden
from shared.http.app import allow
from shared.http.erasures import Reapplied
from shared.http.held import Person, require_self
from shared.http.reading import After, AtLeast, Limit, decode_time_and_id, page, time_and_id, wait_until
from shared.http.writes import Submission

router = APIRouter(tags=["members"])

Enroller = Annotated[Caller, allow(roles=["admin"], scopes=["members:write"])]
Changer = Annotated[Caller, allow(roles=sorted(PEOPLE_AND_ADMIN), scopes=["members:write"])]
Eraser = Annotated[Caller, allow(roles=sorted(PEOPLE_AND_ADMIN))]


@router.post("/members", status_code=201, response_model=Id)
async def enrol(body: MemberBody, api: Api, caller: Enroller, request: Request) -> Response:
    return await api.writes.answer(request, caller, body.command(), 201)


@router.patch("/members/{member}", response_model=Id)
async def change(member: UUID, body: MemberChangeBody, api: Api, caller: Changer, request: Request) -> Response:
    """Only the member consents to anything more. What others withdraw for them is in their list of accesses."""
    caller.require_acting_for(member)
    if body.moves and "admin" not in caller.roles and not caller.scopes:
        raise forbidden("Where a member belongs is not theirs to say: recusal and floors follow from it.")
    by = None if caller.member == member else caller.attributed
    key = await api.writes.request_key(request, caller)
    answer = await api.writes.submit(Submission(body.command(member, by), 200, key))
    return api.writes.respond(await api.writes.placed(answer))


@router.delete("/members/{member}", status_code=202, response_model=ErasedMember)
async def erase(member: UUID, api: Api, caller: Eraser, request: Request) -> Response:
    """The key is destroyed when this is answered; GET /erasures/ID tells at each service when it has followed."""
    caller.require_acting_for(member)
    key = await api.writes.request_key(request, caller)
    return api.writes.respond(with_position(await api.writes.submit(Submission(EraseMember(member), 202, key))))


@router.get("/members/{member}/check-ins")
async def own_record(
    member: UUID, api: Api, caller: Person, _: Reapplied, limit: Limit = 50, after: After = None, at_least: AtLeast = None
) -> dict[str, Any]:
    require_self(caller, member)
    await wait_until(at_least, api.reached, FOLLOWED)
    rows = await asyncio.to_thread(api.checkins.record_of, member, str(member), limit, decode_time_and_id(after))
    return page(rows, limit, lambda row: time_and_id("recorded_at", row))
