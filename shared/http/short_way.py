"""The short way to a plain POST: its endpoint is called at once, with what FastAPI would call it with.

FastAPI's own way, through routers, exit stacks and dependencies, took 40 % of what a check-in cost its API. A route is declared
as every other one, and its document, its problems and who may call stay as they are: whatever isn't plain, a wrong body
first of all, goes FastAPI's way.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from fastapi import APIRouter, Request, Response
from fastapi.params import Depends
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.limits import body_of

JSON = "application/json"
Give = Callable[[Request], Awaitable[Any]]
"""What makes a parameter from the request alone."""


@dataclass(frozen=True)
class Way:
    """A route whose parameters are a JSON body and what the request alone gives, in their order."""

    route: APIRoute
    body: str
    read: Callable[[bytes], BaseModel]
    given: tuple[tuple[str, Give], ...]

    async def answer(self, request: Request, body: BaseModel) -> Response:
        values = {name: await give(request) for name, give in self.given}
        response: Response = await self.route.endpoint(**values, **{self.body: body})
        return response


class ShortWay:
    """ASGI middleware, inside all others. `ways` are looked up by path."""

    def __init__(self, app: ASGIApp, ways: Mapping[str, Way]) -> None:
        self._app = app
        self._ways = ways

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        way = self._ways.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        response = await _answer(way, Request(scope, receive)) if way else None
        await (response or self._app)(scope, receive, send)


def short_ways(router: APIRouter) -> Iterable[tuple[str, Way]]:
    """The plain ones among a router's routes, by path; a router that adds dependencies of its own has none."""
    for route in router.routes:
        way = _way(route) if isinstance(route, APIRoute) and route.methods == {"POST"} and not route.dependencies else None
        if way:
            yield way.route.path, way


def _way(route: APIRoute) -> Way | None:
    hints = get_type_hints(route.endpoint, include_extras=True)
    if hints.pop("return", None) is not Response:
        return None
    bodies = [name for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, BaseModel)]
    given = [(name, _give(hint)) for name, hint in hints.items() if name not in bodies]
    plain = tuple((name, give) for name, give in given if give)
    if len(bodies) != 1 or len(plain) < len(given):
        return None
    return Way(route, bodies[0], hints[bodies[0]].model_validate_json, plain)


def _give(hint: Any) -> Give | None:
    if hint is Request:
        return _itself
    called = next((one.dependency for one in getattr(hint, "__metadata__", ()) if isinstance(one, Depends)), None)
    if called is None or not inspect.iscoroutinefunction(called):
        return None
    taken = [hint for name, hint in get_type_hints(called).items() if name != "return"]
    return called if taken == [Request] else None


async def _itself(request: Request) -> Request:
    return request


async def _answer(way: Way, request: Request) -> Response | None:
    """None for what isn't plain."""
    body = _plain_body(way, request)
    if body is None:
        return None
    request.scope["route"] = way.route
    try:
        return await way.answer(request, body)
    except Exception as error:
        return await _told(request, error)


def _plain_body(way: Way, request: Request) -> BaseModel | None:
    if request.headers.get("content-type") != JSON:
        return None
    try:
        return way.read(body_of(request.scope))
    except ValidationError:
        return None


async def _told(request: Request, error: Exception) -> Response:
    """As the app's handlers tell it. Raises what none of them is meant for, which is the app's outermost one's."""
    handlers = request.app.exception_handlers
    kind = next((kind for kind in type(error).__mro__ if kind in handlers), Exception)
    if kind is Exception:
        raise error
    response: Response = await handlers[kind](request, error)
    return response
