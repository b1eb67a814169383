from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from pydantic import Field, StrictBool

from deploy import Keys
from shared.auth import Caller, Tokens
from shared.errors import unknown
from shared.http.app import Wall, add_routes, allow, new_app
from shared.http.bodies import Body, Text
from shared.http.limits import BODY_BYTES, RateLimit
from shared.http.short_way import short_ways

SHORT, LONG = "application/json", "application/json; charset=utf-8"
"""What is said more exactly than it need be isn't plain, so that both ways are seen from outside."""

router = APIRouter()


class Lamp(Body):
    name: Text
    level: Annotated[int, Field(ge=0, le=5, strict=True)] = 1
    on: StrictBool = False


Keeper = Annotated[Caller, allow(roles=["admin"], scopes=["members:write"])]


@router.post("/lamps", status_code=201)
async def hang(body: Lamp, caller: Keeper, request: Request) -> Response:
    if body.name == "missing":
        raise unknown("lamp", "/name")
    return Response(f"{caller.subject} {request.url.path} {body.model_dump_json()}", 201)


@router.post("/lamps/{number}")
async def light(number: int, body: Lamp) -> Response:
    return Response(f"{number} {body.level}")


@router.post("/lamps-told", status_code=201)
async def tell(body: Lamp) -> dict[str, str]:
    return {"name": body.name}


def slow(request: Request) -> str:
    return request.url.path


@router.post("/lamps-slow", status_code=201)
async def hang_slowly(body: Lamp, path: Annotated[str, Depends(slow)]) -> Response:
    return Response(path + body.name, 201)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    keys = Keys(tmp_path_factory.mktemp("keys"))
    keys.make()
    return keys


def app_with(keys: Keys, rate: float = 1_000) -> FastAPI:
    app = new_app("lamps", Wall(Tokens(keys.folder / "jwks.json"), RateLimit(rate)), [])
    add_routes(app, [router])
    return app


async def posted(app: FastAPI, body: bytes, media_type: str, token: str | None, path: str = "/lamps") -> tuple[int, Any, bytes]:
    headers = {"Content-Type": media_type} | ({"Authorization": f"Bearer {token}"} if token else {})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lamps") as client:
        answer = await client.post(path, content=body, headers=headers)
    return answer.status_code, sorted(answer.headers.items()), answer.content


BODIES = {
    "good": b'{"name": "hall", "level": 3, "on": true}',
    "with defaults": b'{"name": "hall"}',
    "a name given twice": b'{"name": "hall", "name": "stairs"}',
    "letters of all kinds": '{"name": "Küche 🏮 \\ud83c\\udfee"}'.encode(),
    "in UTF-16": '{"name": "hall"}'.encode("utf-16"),
    "an unknown lamp": b'{"name": "missing"}',
    "half a surrogate pair": b'{"name": "\\ud83d"}',
    "NUL": b'{"name": "\\u0000"}',
    "a field too many": b'{"name": "hall", "colour": "red"}',
    "a level as text": b'{"name": "hall", "level": "3"}',
    "a level with a fraction": b'{"name": "hall", "level": 3.0}',
    "a level out of bounds": b'{"name": "hall", "level": 6}',
    "an endless level": b'{"name": "hall", "level": 1' + b"0" * 400 + b"}",
    "no number": b'{"name": "hall", "level": NaN}',
    "on as a number": b'{"name": "hall", "on": 1}',
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "broken": b'{"name": "ha',
    "more after it": b'{"name": "hall"} {}',
    "too large": b'{"name": "' + b"a" * BODY_BYTES + b'"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_both_ways_answer_the_same(body: bytes, keys: Keys) -> None:
    app, token = app_with(keys), keys.token("service:test", scopes=["members:write"])
    assert await posted(app, body, SHORT, token) == await posted(app, body, LONG, token)


@pytest.mark.parametrize("scopes", [["members:write"], ["boards:write"], None], ids=["may", "may not", "without a token"])
@pytest.mark.parametrize("body", [BODIES["good"], BODIES["a list"]], ids=["good", "wrong"])
async def test_both_ways_let_the_same_callers_in(body: bytes, scopes: list[str] | None, keys: Keys) -> None:
    token = keys.token(f"service:{uuid4()}", scopes=scopes) if scopes else None
    app = app_with(keys)
    assert await posted(app, body, SHORT, token) == await posted(app, body, LONG, token)


async def test_the_short_way_counts_towards_a_callers_rate(keys: Keys) -> None:
    app, token = app_with(keys, rate=1), keys.token("service:test", scopes=["members:write"])
    statuses = {(await posted(app, BODIES["good"], SHORT, token))[0] for _ in range(20)}
    assert statuses == {201, 429}


async def test_a_body_that_is_not_called_json_goes_the_long_way(keys: Keys) -> None:
    token = keys.token("service:test", scopes=["members:write"])
    assert (await posted(app_with(keys), BODIES["good"], "text/plain", token))[0] == 415


def test_only_what_is_plain_has_a_short_way() -> None:
    assert [path for path, _ in short_ways(router)] == ["/lamps"]


def test_what_a_router_adds_to_its_routes_is_never_passed_over() -> None:
    guarded = APIRouter(dependencies=[Depends(slow)])
    guarded.add_api_route("/lamps", hang, methods=["POST"])
    assert not list(short_ways(guarded))


async def test_it_needs_none_of_fastapis_routes(keys: Keys) -> None:
    app, token = app_with(keys), keys.token("service:test", scopes=["members:write"])
    app.router.routes.clear()
    statuses = [(await posted(app, BODIES["good"], media_type, token))[0] for media_type in (SHORT, LONG)]
    assert statuses == [201, 404]
