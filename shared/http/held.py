"""What a service holds about a person, told to that person alone; the same route in every service."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter

from shared.auth import PEOPLE, Caller
from shared.errors import forbidden
from shared.http.app import allow
from shared.http.erasures import Reapplied
from shared.http.parts import AnyParts

router = APIRouter(tags=["own data"])

Person = Annotated[Caller, allow(roles=sorted(PEOPLE))]


@router.get("/members/{member}/held")
async def held(member: UUID, api: AnyParts, caller: Person, _: Reapplied) -> dict[str, Any]:
    """Everything that this service holds about the caller."""
    require_self(caller, member)
    return {"service": api.store.service, "member": member, "held": await asyncio.to_thread(api.required_holdings, member)}


def require_self(caller: Caller, member: UUID) -> None:
    """Raises a 403 Problem for everybody else, whatever their role."""
    if caller.member != member:
        raise forbidden("What is held about a member is read by that member only.")
