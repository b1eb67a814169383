"""A member's own data from every service: as one file, and who read any of it as one list."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response

from services.checkins.api.parts import Api
from shared.errors import invalid
from shared.http.erasures import Reapplied
from shared.http.held import Person, require_self
from shared.http.reading import After, Limit, decode_cursor, encode_cursor

router = APIRouter(tags=["own data"])

HERE = "checkins"
FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "the file", "content": {"application/json": {"schema": {"type": "object"}}}}
}


@router.get("/members/{member}/export", response_class=Response, responses=FILE)
async def export(member: UUID, api: Api, caller: Person, _: Reapplied, request: Request) -> Response:
    """Everything that is held about the caller, from every service, as one file. `missing` names what couldn't be asked."""
    require_self(caller, member)
    own = await asyncio.to_thread(api.checkins.held, member, "export")
    others = await api.peers.ask(f"/members/{member}/held", request.headers["authorization"])
    held = {HERE: own} | {name: answer["held"] for name, answer in others.items() if answer is not None}
    missing = sorted(name for name, answer in others.items() if answer is None)
    content = {"member": member, "made_at": api.clock(), "complete": not missing, "missing": missing, "held": held}
    headers = {"Content-Disposition": 'attachment; filename="alongside-export.json"', "Cache-Control": "no-store"}
    return Response(msgspec.json.encode(content), 200, headers, "application/json")


@router.get("/members/{member}/accesses")
async def accesses(
    member: UUID, api: Api, caller: Person, _: Reapplied, request: Request, limit: Limit = 50, after: After = None
) -> dict[str, Any]:
    """Who read what about the caller, or withdrew their consent, in every service, newest first. `missing` names what
    couldn't be asked."""
    require_self(caller, member)
    places = _places(after, [HERE, *api.peers.names])
    pages: dict[str, list[dict[str, Any]]] = {}
    if HERE in places:
        rows = await asyncio.to_thread(api.checkins.accesses_to, member, limit, _number(places[HERE]))
        pages[HERE] = [{**row, "at": msgspec.to_builtins(row["at"])} for row in rows]
    asked = {name: {"limit": str(limit)} | _after(place) for name, place in places.items() if name != HERE}
    answers = await api.peers.ask(f"/members/{member}/accesses", request.headers["authorization"], asked)
    pages |= {name: answer["items"] for name, answer in answers.items() if answer is not None}
    more = {name for name, answer in answers.items() if answer is not None and answer["next"]}
    items, then = _merged(pages, limit, places, more)
    missing = sorted(name for name, answer in answers.items() if answer is None)
    return {"items": items, "next": then} | ({"missing": missing} if missing else {})


def _merged(
    pages: Mapping[str, list[dict[str, Any]]], limit: int, places: Mapping[str, str], more: set[str]
) -> tuple[list[dict[str, Any]], str | None]:
    """The newest of all, and where each service's list goes on after them."""
    every = [{"service": name, **row} for name, rows in pages.items() for row in rows]
    every.sort(key=lambda row: (datetime.fromisoformat(row["at"]), row["service"], row["id"]), reverse=True)
    shown = every[:limit]
    then = dict(places)
    for row in shown:
        then[row["service"]] = str(row["id"])
    left = len(every) > limit or bool(more)
    return shown, encode_cursor(msgspec.json.encode(then).decode()) if left else None


def _places(after: str | None, names: list[str]) -> dict[str, str]:
    """Where each service's list goes on; "" at its beginning. Raises a 422 Problem for a cursor that isn't ours."""
    cursor = decode_cursor(after)
    if cursor is None:
        return dict.fromkeys(names, "")
    try:
        places = msgspec.json.decode(cursor, type=dict[str, str])
    except ValueError:
        raise invalid("after", "not a `next` of an earlier page") from None
    if any(place and not (place.isascii() and place.isdigit() and len(place) <= 18) for place in places.values()):
        raise invalid("after", "not a `next` of an earlier page")
    return {name: places.get(name, "") for name in names}


def _number(place: str) -> int | None:
    return int(place) if place else None


def _after(place: str) -> dict[str, str]:
    return {"after": encode_cursor(place)} if place else {}
