"""Who is at the door of one alert: somebody with a token, or whoever holds an offer's claim link."""

import asyncio
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from services.alerts.api.parts import Api
from services.alerts.application.reading import Reader
from services.alerts.domain.claims import Claim
from shared.auth import Caller
from shared.errors import forbidden
from shared.http.app import Wall

SEES_ALL_ROLES = frozenset({"ops", "admin", "clinical_lead"})
SEES_ALL_SCOPES = frozenset({"alerts:read"})
MAY_CLOSE_ANY = frozenset({"admin", "clinical_lead"})

ClaimToken = Annotated[str | None, Query(max_length=200, description="the claim link's token, instead of a bearer's")]


@dataclass(frozen=True)
class Visitor:
    """A caller, and the supporter that they are or whose claim link they hold."""

    caller: Caller
    supporter: UUID | None
    claim: Claim | None = None

    @property
    def reader(self) -> Reader:
        sees_all = self.caller.may(SEES_ALL_ROLES, SEES_ALL_SCOPES)
        return Reader(self.supporter, None if self.claim else self.caller.member, sees_all)

    def require_supporter(self) -> UUID:
        if self.supporter is None:
            raise forbidden("Only a supporter can take this step.")
        return self.supporter


async def person(request: Request, api: Api) -> Visitor:
    """By bearer token only. Raises a 401 or 429 Problem."""
    wall: Wall = request.app.state.wall
    caller = wall.tokens.caller(request.headers.get("authorization"))
    wall.rate.take(caller.subject)
    return Visitor(caller, await asyncio.to_thread(api.reading.supporter_of, caller.member))


async def visitor(alert: UUID, request: Request, api: Api, token: ClaimToken = None) -> Visitor:
    """By the claim link's token, in the address or as the bearer, or else by a bearer token."""
    held = token or (request.headers.get("authorization") or "").partition(" ")[2].strip()
    claim = api.links.claim(alert, held)
    if claim is None or not await asyncio.to_thread(api.reading.is_supporter, claim.supporter):
        return await person(request, api)
    wall: Wall = request.app.state.wall
    wall.rate.take(f"supporter {claim.supporter}")
    return Visitor(Caller(f"supporter {claim.supporter}"), claim.supporter, claim)


AtTheDoor = Annotated[Visitor, Depends(visitor)]
Person = Annotated[Visitor, Depends(person)]
