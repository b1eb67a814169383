"""The outer wall that every service's HTTP has in common: problems, limits, health, metrics, who may call."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException

from shared.auth import ROLES, SCOPES, Caller
from shared.errors import MEDIA_TYPE, FieldError, Problem, forbidden
from shared.http.bodies import require_json
from shared.http.documented import PROBLEMS, Documented
from shared.http.door import Wall, caller_at
from shared.http.limits import BodyLimit
from shared.http.request_counter import RequestCounter, route_of
from shared.http.scopes import lets_in, routes_of, scopes_of
from shared.http.short_way import ShortWay, short_ways
from shared.observability import places
from shared.store.event_store import Unavailable

log = structlog.get_logger()

PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")

Ready = Callable[[], Awaitable[None]]
"""Raises when what it asks about isn't ready."""


def new_app(service: str, wall: Wall, ready: Sequence[Ready], larger_bodies: Mapping[str, int] | None = None) -> Documented:
    """A FastAPI with the common wall; the service adds its routes."""
    app = Documented(
        title=f"Alongside {service}",
        version="1",
        responses=PROBLEMS,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
    )
    app.state.wall = wall
    app.state.short_ways = {}
    app.add_middleware(ShortWay, ways=app.state.short_ways)
    app.add_middleware(BodyLimit, larger=larger_bodies or {})
    app.add_middleware(RequestCounter, service=service)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_exception)
    for kind in Unavailable:
        app.add_exception_handler(kind, _unavailable)
    app.add_exception_handler(Exception, _unexpected)
    _add_health(app, ready)
    return app


def add_routes(app: Documented, routers: Iterable[APIRouter]) -> None:
    """The routers' routes; the plain ones among them get their short way."""
    added = tuple(routers)
    app.state.scopes = scopes_of(added)
    app.documented_routes = routes_of(added)
    for router in added:
        app.include_router(router)
        app.state.short_ways.update(short_ways(router))


def allow(*, roles: Sequence[str] = (), scopes: Sequence[str] = ()) -> Any:
    """A dependency that lets these roles and scopes in and gives their Caller; all others get 401, 403 or 429."""
    assert ROLES.issuperset(roles), "there is no such role"
    assert SCOPES.issuperset(scopes), "there is no such scope"

    @lets_in(scopes, roles)
    async def check(request: Request) -> Caller:
        caller = await caller_at(request)
        if not caller.may(roles, scopes):
            raise forbidden()
        return caller

    return Depends(check)


async def anyone(request: Request) -> None:
    """The dependency of a route without a token: all such callers share one bucket, so that none has to be told apart."""
    wall: Wall = request.app.state.wall
    wall.anonymous.take("")


Anyone = Annotated[None, Depends(anyone)]


def answer(problem: Problem) -> Response:
    return Response(problem.encoded(), problem.status, problem.headers, MEDIA_TYPE)


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return answer(error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    try:
        if any(tuple(one["loc"]) == ("body",) for one in error.errors()):
            require_json(request)
    except Problem as problem:
        return answer(problem)
    return answer(problem_of(error.errors()))


def problem_of(errors: Sequence[Any]) -> Problem:
    """pydantic's errors as a problem: where and why, without what was sent."""
    if any(error["type"] == "json_invalid" for error in errors):
        return Problem(400, "not-json", "The body isn't JSON.")
    fields = [FieldError(_pointer(error["loc"]), error["msg"].removeprefix("Value error, ")) for error in errors[:100]]
    return Problem(422, "invalid-request", "The request has wrong fields.", fields)


def _pointer(loc: Sequence[str | int]) -> str:
    """A field that nobody knows is named only where its name is a plain one: a sentence could stand there."""
    place = [part if PLAIN_NAME.fullmatch(part) else "?" for part in map(str, loc)]
    if place and place[0] == "body":
        place = place[1:]
    return "".join(f"/{part}" for part in place)


async def _http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = {404: "unknown-address", 405: "wrong-method"}.get(error.status_code, "http-error")
    return answer(Problem(error.status_code, kind, kind.replace("-", " "), headers=error.headers))


async def _unavailable(_: Request, __: Exception) -> Response:
    return answer(Problem(503, "unavailable", "The store can't be reached; try again.", headers={"Retry-After": "1"}))


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("request.failed", route=route_of(request.scope), error=type(error).__name__, at=places(error))
    return answer(Problem(500, "internal-error", "Something failed here; nothing was stored."))


def _add_health(app: FastAPI, ready: Sequence[Ready]) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        for check in ready:
            try:
                await check()
            except Exception as error:
                return answer(Problem(503, "not-ready", f"Not ready: {type(error).__name__}."))
        return Response(b'{"status":"ready"}', media_type="application/json")

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


__all__ = ["Wall", "add_routes", "allow", "answer", "anyone", "new_app", "problem_of"]
