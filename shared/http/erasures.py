"""When a service has forgotten somebody, told to themselves: of an erasure they see here that it has arrived everywhere."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from shared.auth import PEOPLE_AND_ADMIN, Caller
from shared.errors import forbidden, unknown
from shared.http.app import allow
from shared.http.parts import AnyParts, StoreParts, parts_of
from shared.store import erasures

router = APIRouter(tags=["erasures"])

Person = Annotated[Caller, allow(roles=sorted(PEOPLE_AND_ADMIN))]


async def require_reapplied(request: Request) -> None:
    parts: StoreParts[Any] = await parts_of(request)
    if parts.reapplying:
        parts.reapplying.require_done()


Reapplied = Annotated[None, Depends(require_reapplied)]
"""For every route that tells something of people: a restored backup may have somebody in it who was erased since."""


@router.get("/erasures/{member}")
async def erasure(member: UUID, api: AnyParts, caller: Person) -> dict[str, Any]:
    """404 until this service has erased them."""
    if caller.member != member and "admin" not in caller.roles:
        raise forbidden("An erasure's receipt is for the member.")
    found = await asyncio.to_thread(erasures.find, api.store, member)
    if found is None:
        raise unknown("erasure")
    return {"service": api.store.service, **found}
