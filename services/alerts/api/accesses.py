"""Who was told that an alert is about a member: for that member alone."""

import asyncio
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from services.alerts.api.callers import Person
from services.alerts.api.parts import Api
from shared.auth import ROLES
from shared.errors import forbidden
from shared.http.erasures import Reapplied
from shared.http.reading import After, Limit, decode_number, page
from shared.http.scopes import lets_in

router = APIRouter(tags=["accesses"])


@router.get("/members/{member}/accesses")
@lets_in((), ROLES)
async def accesses(member: UUID, api: Api, who: Person, _: Reapplied, limit: Limit = 50, after: After = None) -> dict[str, Any]:
    if who.caller.member != member:
        raise forbidden("Who read what is for the member only.")
    rows = await asyncio.to_thread(api.reading.accesses, member, limit, decode_number(after))
    return page(rows, limit, lambda row: str(row["id"]))
