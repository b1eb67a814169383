"""Leaderboards, and each member's choice to be on them."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime

from services.recognition.api.bodies import BoardBody, Choice
from services.recognition.api.parts import FOLLOWED, Api
from services.recognition.domain import Window
from shared.auth import PEOPLE, PEOPLE_AND_ADMIN, Caller
from shared.errors import invalid
from shared.events import Code
from shared.http.app import allow
from shared.http.erasures import Reapplied
from shared.http.reading import After, AtLeast, Limit, decode_cursor, page, wait_until

router = APIRouter(tags=["leaderboards"])

Chooser = Annotated[Caller, allow(roles=sorted(PEOPLE_AND_ADMIN), scopes=["kudos:write"])]
Reader = Annotated[Caller, allow(roles=[*sorted(PEOPLE - {"manager"}), "admin"], scopes=["kudos:write"])]
"""Colleagues: a manager as such is shown no person."""
At = Annotated[
    AwareDatetime | None,
    Query(
        ge=datetime(1970, 1, 1, tzinfo=UTC),
        lt=datetime(2200, 1, 1, tzinfo=UTC),
        description="shows the window that holds this time; default: now",
    ),
]


@router.post("/members/{member}/board", response_model=Choice)
async def choose(member: UUID, body: BoardBody, api: Api, caller: Chooser, request: Request) -> Response:
    caller.require_acting_for(member)
    return await api.writes.answer(request, caller, body.command(member), 200)


@router.get("/leaderboards/{window}")
async def leaderboard(
    window: Window,
    api: Api,
    caller: Reader,
    _: Reapplied,
    team: Code | None = None,
    at: At = None,
    limit: Limit = 50,
    after: After = None,
    at_least: AtLeast = None,
) -> dict[str, Any]:
    """Who gave most kudos in a week, month or quarter (UTC), or ever: of those who opted in, in the team they are in now."""
    await wait_until(at_least, api.folded, FOLLOWED)
    rows = await asyncio.to_thread(api.recognition.board, window, at, team, limit, _after(after))
    return page(rows, limit, lambda row: f"{row['given']} {row['member']}")


def _after(after: str | None) -> tuple[int, UUID] | None:
    cursor = decode_cursor(after)
    if cursor is None:
        return None
    given, _, member = cursor.partition(" ")
    try:
        return int(given), UUID(member)
    except ValueError:
        raise invalid("after", "not a `next` of an earlier page") from None
