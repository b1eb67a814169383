"""Who is at the door: the caller behind a request's bearer, and how fast those may knock who aren't let in."""

import asyncio
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fastapi import Request

from shared.auth import Caller, Tokens, unauthorized
from shared.auth.api_keys import PREFIX, caller_of, id_in
from shared.clock import Clock, utc_now
from shared.errors import Problem
from shared.http.limits import RateLimit
from shared.http.parts import StoreParts

ANONYMOUS_CALLERS = 20
"""How many times one caller's rate those without a token share."""


@dataclass(frozen=True)
class Wall:
    """What the common wall needs: whose tokens are good, and how fast a caller may be."""

    tokens: Tokens
    rate: RateLimit
    clock: Clock = utc_now

    @cached_property
    def anonymous(self) -> RateLimit:
        """All callers without a token together: a company that answers a survey at nine o'clock is one bucket."""
        return RateLimit(ANONYMOUS_CALLERS * self.rate.per_second)

    @cached_property
    def failures(self) -> RateLimit:
        """Wrong tokens, by the address they come from; whoever has a good one isn't held up by them."""
        return RateLimit(self.rate.per_second)


async def caller_at(request: Request) -> Caller:
    """Raises a 401 Problem for no bearer and a wrong one, a 429 for too many."""
    wall: Wall = request.app.state.wall
    try:
        caller = await _known(request, wall)
    except Problem as problem:
        if problem.status == 401:
            wall.failures.take(request.client.host if request.client else "")
        raise
    wall.rate.take(caller.identity)
    return caller


def bearer_of(request: Request) -> str | None:
    scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


async def _known(request: Request, wall: Wall) -> Caller:
    bearer = bearer_of(request)
    if bearer is None:
        raise unauthorized("A bearer token is needed.")
    if bearer.startswith(PREFIX):
        return await _program(request, bearer, wall)
    return await wall.tokens.caller(bearer)


async def _program(request: Request, key: str, wall: Wall) -> Caller:
    id_ = id_in(key)
    parts: StoreParts[Any] = request.app.state.parts.get()
    if parts.api_keys.is_old:
        await asyncio.to_thread(parts.api_keys.read)
    return caller_of(key, parts.api_keys.get(id_), wall.clock())
