"""The table of who may what, read from table.yaml, and the routes there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from starlette.routing import BaseRoute

from deploy.contracts.apps import app_of, services_with_an_api
from shared.auth import ROLES

FILE = Path(__file__).with_name("table.yaml")
GROUPS = {"E": ROLES, "P": frozenset({"member", "supporter", "facilitator", "clinical_lead", "evaluator", "manager"})}
WITH_VIEWS = ("alerts", "recognition", "evaluation", "support")


@dataclass(frozen=True)
class Rule:
    """One line. `case` tells several requests of one route apart."""

    service: str
    method: str
    path: str
    case: str
    open: bool
    roles: frozenset[str]
    own: frozenset[str]
    others: frozenset[str]
    scopes: frozenset[str]
    claim: bool

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path} {self.case}".strip()

    def lets_in(self, role: str, own: bool) -> bool:
        return role in self.roles or role in (self.own if own else self.others)


@cache
def rules() -> tuple[Rule, ...]:
    written = yaml.safe_load(FILE.read_text())
    return tuple(
        _rule(service, line, said)
        for service in services_with_an_api()
        for part in _parts_of(service)
        for line, said in written.get(part, {}).items()
    )


def useful_scopes(service: str) -> frozenset[str]:
    return frozenset(scope for rule in rules() if rule.service == service for scope in rule.scopes)


def _parts_of(service: str) -> tuple[str, ...]:
    return ("every service", *(("every service with views",) if service in WITH_VIEWS else ()), service)


def _rule(service: str, line: str, said: Any) -> Rule:
    method, path, *case = line.split()
    given = {} if said == "open" else said
    roles, own, others = (_roles(given.get(name, "")) for name in ("roles", "own", "others"))
    scopes = frozenset(given.get("scopes", "").split())
    return Rule(service, method, path, " ".join(case), said == "open", roles, own, others, scopes, given.get("claim", False))


def _roles(text: str) -> frozenset[str]:
    roles = GROUPS.get(text) or frozenset(text.split())
    assert roles <= ROLES, f"{sorted(roles - ROLES)} are no roles"
    return roles


def routes_of(service: str) -> set[tuple[str, str]]:
    """Every method and path, as the real app has them."""
    return {pair for route in _walk(app_of(service).routes) for pair in _pairs(route)}


def _walk(routes: list[BaseRoute]) -> Iterator[BaseRoute]:
    """Those of included routers too (FastAPI keeps these as routers of their own)."""
    for route in routes:
        included = getattr(route, "original_router", None) or getattr(route, "app", None)
        inner = getattr(included, "routes", None)
        if inner:
            yield from _walk(inner)
        else:
            yield route


def _pairs(route: BaseRoute) -> Iterator[tuple[str, str]]:
    for method in getattr(route, "methods", None) or {"ANY"}:
        if method != "HEAD":
            yield method, getattr(route, "path", "an unknown kind of route")
