"""Results and comments, to those who evaluate; results also to those who were asked."""

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from services.evaluation.api.parts import FOLLOWED, Api
from services.evaluation.domain import Survey
from shared.auth import PEOPLE_AND_ADMIN, Caller
from shared.errors import invalid
from shared.http.app import allow
from shared.http.reading import After, AtLeast, Limit, decode_cursor, page, wait_until

router = APIRouter(tags=["results"])

Reader = Annotated[Caller, allow(roles=sorted(PEOPLE_AND_ADMIN), scopes=["surveys:write"])]
CommentReader = Annotated[Caller, allow(roles=["evaluator", "clinical_lead", "admin"], scopes=["surveys:write"])]
ALWAYS = ("evaluator", "manager", "clinical_lead", "admin")
By = Annotated[Literal["team"] | None, Query(description="an item for each team instead of one for all")]


@router.get("/surveys/{survey}/results")
async def results(survey: UUID, api: Api, caller: Reader, by: By = None, at_least: AtLeast = None) -> dict[str, Any]:
    await wait_until(at_least, api.folded, FOLLOWED)
    found, items = await asyncio.to_thread(_results, api, caller, survey, by == "team")
    return {"survey": found.id, "instrument": found.instrument, "items": items, "next": None}


@router.get("/surveys/{survey}/comments")
async def comments(survey: UUID, api: Api, caller: CommentReader, limit: Limit = 50, after: After = None) -> dict[str, Any]:
    found = await asyncio.to_thread(api.readings.survey, survey)
    rows = await asyncio.to_thread(api.readings.comments, found, limit, _after(after))
    reason = None if rows is not None else f"fewer than {found.min_comments} people commented"
    return page(rows or [], limit, lambda row: str(row["id"])) | {"suppressed": reason}


def _results(api: Api, caller: Caller, survey: UUID, by_team: bool) -> tuple[Survey, list[dict[str, Any]]]:
    found = api.readings.survey(survey)
    if not caller.may(ALWAYS, ["surveys:write"]):
        api.readings.require_audience(found, caller.member)
    return found, api.readings.results(found, by_team)


def _after(after: str | None) -> UUID | None:
    cursor = decode_cursor(after)
    try:
        return UUID(cursor) if cursor else None
    except ValueError:
        raise invalid("after", "not a `next` of an earlier page") from None
