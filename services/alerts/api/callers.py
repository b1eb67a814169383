"""Who is at the door of one alert: somebody with a token, or whoever holds an offer's claim link."""

import asyncio
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from services.alerts.api import claim_page
from services.alerts.api.parts import Api
from services.alerts.application.reading import Reader
from services.alerts.domain.claims import Claim
from shared.auth import ROLES, Caller, Kind
from shared.errors import Problem, forbidden
from shared.http.app import Wall
from shared.http.door import bearer_of, caller_at
from shared.http.scopes import lets_in

SEES_ALL_ROLES = frozenset({"ops", "admin", "clinical_lead"})
SEES_ALL_SCOPES = frozenset({"alerts:read"})
SUPPORTS_ROLES = frozenset({"supporter", "clinical_lead"})
"""Whoever is enrolled as a supporter is one only with such a token: not as a manager, and not once the role was taken away."""

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


@lets_in(SEES_ALL_SCOPES, ROLES)
async def person(request: Request, api: Api) -> Visitor:
    """By bearer only. Raises a 401, 403 or 429 Problem, and a 404 for who was erased."""
    caller = await caller_at(request)
    if caller.member is None and not caller.may(SEES_ALL_ROLES, SEES_ALL_SCOPES):
        raise forbidden()
    supporter = await asyncio.to_thread(api.reading.supporter_of, caller.member)
    return Visitor(caller, supporter if caller.may(SUPPORTS_ROLES, ()) else None)


@lets_in(SEES_ALL_SCOPES, ROLES, by_link=True)
async def visitor(alert: UUID, request: Request, api: Api, token: ClaimToken = None) -> Visitor:
    """By the claim link's token, in the address or as the bearer, or else by a bearer token."""
    claim = api.links.claim(alert, token or bearer_of(request) or "")
    if claim is None or not await asyncio.to_thread(api.reading.is_supporter, claim.supporter):
        return await _without_claim(request, api, token)
    wall: Wall = request.app.state.wall
    caller = Caller(str(claim.supporter), kind=Kind.CLAIM_LINK)
    wall.rate.take(caller.identity)
    return Visitor(caller, claim.supporter, claim)


async def _without_claim(request: Request, api: Api, token: str | None) -> Visitor:
    """As a person; who came by a link alone is told that it is the link."""
    try:
        return await person(request, api)
    except Problem as problem:
        by_link = token is not None or request.url.path.endswith(claim_page.END)
        if problem.status == 401 and by_link and bearer_of(request) is None:
            raise claim_page.InvalidLink from problem
        raise


AtTheDoor = Annotated[Visitor, Depends(visitor)]
Person = Annotated[Visitor, Depends(person)]
