"""A member's own requests, and who read them: for that member alone."""

import asyncio
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from services.support.api.parts import FOLLOWED, Api
from shared.http.erasures import Reapplied
from shared.http.held import Person, require_self
from shared.http.reading import After, AtLeast, Limit, decode_number, page, wait_until

router = APIRouter(tags=["own data"])


@router.get("/members/{member}/requests")
async def own(member: UUID, api: Api, caller: Person, _: Reapplied, at_least: AtLeast = None) -> dict[str, Any]:
    """One's own requests with all that was said, under whatever pseudonym: all of them, oldest first."""
    require_self(caller, member)
    await wait_until(at_least, api.stored, FOLLOWED)
    return {"items": await asyncio.to_thread(api.support.own, member), "next": None}


@router.get("/members/{member}/accesses")
async def accesses(
    member: UUID, api: Api, caller: Person, _: Reapplied, limit: Limit = 50, after: After = None
) -> dict[str, Any]:
    """Which supporters read one's requests, newest first."""
    require_self(caller, member)
    rows = await asyncio.to_thread(api.support.accesses_to, member, limit, decode_number(after))
    return page(rows, limit, lambda row: str(row["id"]))
