"""Which roles and scopes let in somewhere at a service, as its routes say."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

D = TypeVar("D", bound=Callable[..., Any])


@dataclass(frozen=True)
class Door:
    """Who is let in with a bearer. `by_link`: who holds a claim link is too, without one."""

    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    by_link: bool = False


def lets_in(scopes: Iterable[str], roles: Iterable[str], by_link: bool = False) -> Callable[[D], D]:
    """Says of a dependency that it lets these in, which it sees to itself; or of a route that lets in fewer than those do."""

    def said(dependency: D) -> D:
        vars(dependency)["door"] = Door(frozenset(scopes), frozenset(roles), by_link)
        return dependency

    return said


def routes_of(routers: Iterable[APIRouter]) -> list[APIRoute]:
    return [route for router in routers for route in router.routes if isinstance(route, APIRoute)]


def scopes_of(routers: Collection[APIRouter]) -> frozenset[str]:
    return frozenset(scope for route in routes_of(routers) if (door := door_of(route)) for scope in door.scopes)


def door_of(route: APIRoute) -> Door | None:
    """None for a route that asks for no token."""
    return next(_doors(route.dependant), None)  # its own before those of its dependencies


def _doors(dependant: Dependant) -> Iterator[Door]:
    door = getattr(dependant.call, "door", None)
    if isinstance(door, Door):
        yield door
    for inner in dependant.dependencies:
        yield from _doors(inner)
