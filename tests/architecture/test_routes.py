from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from deploy.contracts.apps import app_of, services_with_an_api
from shared.http.app import allow, anyone
from shared.http.erasures import require_reapplied
from tests.faults.oracle import READERS

OPEN_TO_ALL = {"/healthz", "/readyz", "/metrics", "/openapi.json", "/crisis", "/crisis-lines"}
"""Without a token and without a limit: probes, and whom somebody in a crisis can call."""

OTHER_DOORS = {"services.alerts.api.callers.person", "services.alerts.api.callers.visitor"}
"""An alert's claim link lets its holder in without a bearer token; whoever isn't known is 401 there too."""

TELL_OF_PEOPLE: dict[str, set[str]] = {
    "checkins": {"/members/{member}/check-ins", "/members/{member}/accesses", "/members/{member}/export"},
    "alerts": {"/alerts", "/alerts/{alert}", "/alerts/{alert}/claim", "/members/{member}/accesses"},
    "recognition": {"/kudos", "/leaderboards/{window}"},
    "evaluation": set(),
    "support": {"/requests", "/requests/{request_id}", "/members/{member}/requests", "/members/{member}/accesses"},
}
"""Closed until a restored backup's missed erasures are known."""

ALLOW = allow(roles=["admin"]).dependency.__qualname__


@pytest.mark.parametrize("service", services_with_an_api())
def test_no_route_lets_everybody_in_by_forgetting_to_say_whom(service: str) -> None:
    routes = list(_routes(app_of(service).routes))
    unguarded = [_path(route) for route in routes if _path(route) not in OPEN_TO_ALL and not _is_guarded(route)]
    assert len(routes) > len(OPEN_TO_ALL), "the walk finds the service's own routes"
    assert not unguarded


@pytest.mark.parametrize("service", services_with_an_api())
def test_what_tells_of_people_waits_for_erasures_that_a_backup_has_missed(service: str) -> None:
    waiting = {_path(route) for route in _routes(app_of(service).routes) if _waits(route)}
    assert waiting == TELL_OF_PEOPLE[service] | {"/members/{member}/held"}


def _waits(route: BaseRoute) -> bool:
    return isinstance(route, APIRoute) and require_reapplied in _calls(route.dependant)


def _routes(routes: list[BaseRoute]) -> Iterator[BaseRoute]:
    """Every route, those of included routers too (FastAPI keeps these as routers of their own)."""
    for route in routes:
        included = getattr(route, "original_router", None) or getattr(route, "app", None)
        inner = getattr(included, "routes", None)
        if inner:
            yield from _routes(inner)
        else:
            yield route


def _path(route: BaseRoute) -> str:
    return str(getattr(route, "path", "an unknown kind of route"))


def _is_guarded(route: BaseRoute) -> bool:
    return isinstance(route, APIRoute) and any(_lets_in(call) for call in _calls(route.dependant))


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    for inner in dependant.dependencies:
        if inner.call is not None:
            yield inner.call
        yield from _calls(inner)


def _lets_in(call: Callable[..., Any]) -> bool:
    name = getattr(call, "__qualname__", "")
    return call is anyone or name == ALLOW or f"{call.__module__}.{name}" in OTHER_DOORS


@pytest.mark.parametrize("service", services_with_an_api())
def test_a_read_waits_for_the_positions_that_its_service_follows_and_no_others(service: str) -> None:
    followed = import_module(f"services.{service}.api.parts").FOLLOWED
    _, views = READERS.get(service, ("", ()))
    assert followed == {service} | {view.topic.removesuffix(".events") for view in views}
