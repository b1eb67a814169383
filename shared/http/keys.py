"""Routes for API keys, the same in every service: issued, rotated and revoked by an admin, good at this service alone."""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Request, Response
from psycopg import Cursor
from psycopg.rows import DictRow
from pydantic import AwareDatetime, BaseModel, Field

from shared.auth import Caller, Scope
from shared.events.contract import Code
from shared.http.app import allow
from shared.http.bodies import Body
from shared.http.door import Wall
from shared.http.idempotency import Answer
from shared.http.parts import AnyParts, StoreParts
from shared.http.reading import After, Limit, decode_time_and, page, time_and_id
from shared.store import api_keys

router = APIRouter(tags=["keys"])

Admin = Annotated[Caller, allow(roles=["admin"])]
KEY_ID = re.compile("[0-9a-f]{16}")
KeyId = Annotated[str, Path(pattern=f"^{KEY_ID.pattern}$")]
DEFAULT_DAYS, MOST_DAYS = 90, 365
DEFAULT_OVERLAP_HOURS, MOST_OVERLAP_HOURS = 24, 168


class KeyBody(Body):
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=len(Scope))]
    label: Code
    expires_in_days: Annotated[int, Field(ge=1, le=MOST_DAYS, strict=True)] = DEFAULT_DAYS


class RotationBody(Body):
    overlap_hours: Annotated[int, Field(ge=0, le=MOST_OVERLAP_HOURS, strict=True)] = DEFAULT_OVERLAP_HOURS


class NewKey(BaseModel):
    """Shown once: only a hash is kept."""

    id: str
    key: str
    expires_at: AwareDatetime


class EndedKey(BaseModel):
    id: str
    revoked_at: AwareDatetime


@router.post("/keys", status_code=201, response_model=NewKey)
async def issue(body: KeyBody, api: AnyParts, caller: Admin, request: Request) -> Response:
    api_keys.require_useful(body.scopes, request.app.state.scopes)
    lives, now = timedelta(days=body.expires_in_days), _now(request)
    scopes = [scope.value for scope in body.scopes]
    return await _once(
        api, caller, request, 201, lambda cursor: api_keys.issue(cursor, scopes, body.label, caller.attributed, now, lives)
    )


@router.get("/keys")
async def keys(api: AnyParts, _: Admin, limit: Limit = 50, after: After = None) -> dict[str, Any]:
    rows = await asyncio.to_thread(_page, api, limit, decode_time_and(_key_id, after))
    return page(rows, limit, lambda row: time_and_id("created_at", row))


@router.post("/keys/{key}/rotate", status_code=201, response_model=NewKey)
async def rotate(key: KeyId, api: AnyParts, caller: Admin, request: Request, body: RotationBody | None = None) -> Response:
    overlap, now = timedelta(hours=(body or RotationBody()).overlap_hours), _now(request)
    return await _once(api, caller, request, 201, lambda cursor: api_keys.rotate(cursor, key, caller.attributed, now, overlap))


@router.delete("/keys/{key}", response_model=EndedKey)
async def revoke(key: KeyId, api: AnyParts, caller: Admin, request: Request) -> Response:
    now = _now(request)
    return await _once(api, caller, request, 200, lambda cursor: api_keys.revoke(cursor, key, now))


def _key_id(text: str) -> str:
    if not KEY_ID.fullmatch(text):
        raise ValueError("no id of a key")
    return text


def _now(request: Request) -> datetime:
    wall: Wall = request.app.state.wall
    return wall.clock()


def _page(api: StoreParts[Any], limit: int, before: tuple[datetime, str] | None) -> list[DictRow]:
    with api.store.transaction() as cursor:
        return api_keys.page(cursor, limit + 1, before)


async def _once(
    api: StoreParts[Any], caller: Caller, request: Request, status: int, do: Callable[[Cursor[DictRow]], dict[str, Any]]
) -> Response:
    key = await api.writes.request_key(request, caller)
    answer = await api.writes.stored_once(key, lambda cursor: Answer(status, msgspec.json.encode(do(cursor))))
    await asyncio.to_thread(api.api_keys.forget)
    return api.writes.respond(answer)
