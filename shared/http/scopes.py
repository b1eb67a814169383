"""Which scopes let in somewhere at a service, as its routes say."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

D = TypeVar("D", bound=Callable[..., Any])


def lets_in(scopes: Iterable[str]) -> Callable[[D], D]:
    """Says of a dependency that it lets these in, which it sees to itself."""

    def said(dependency: D) -> D:
        vars(dependency)["scopes"] = frozenset(scopes)
        return dependency

    return said


def scopes_of(routers: Iterable[APIRouter]) -> frozenset[str]:
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    return frozenset(scope for route in routes for scope in _let_in(route.dependant))


def _let_in(dependant: Dependant) -> Iterator[str]:
    yield from getattr(dependant.call, "scopes", ())
    for inner in dependant.dependencies:
        yield from _let_in(inner)
