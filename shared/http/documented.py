"""What every service's OpenAPI document says of each route: its problems, who is let in, and the headers of a write."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from shared.errors import MEDIA_TYPE
from shared.http.scopes import Door, door_of

PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
PROBLEM = {
    "description": "What is wrong, as RFC 9457 says it",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"$ref": "#/components/responses/Problem", "description": description}
    for status, description in {
        400: "not readable",
        401: "no valid token",
        403: "wrong role or scope",
        404: "unknown id",
        408: "didn't arrive in time",
        409: "wrong state",
        413: "too large",
        414: "an address without an end",
        415: "not a media type that is taken here",
        422: "a wrong field, or a used key with another body",
        429: "too fast",
        431: "headers without an end",
        503: "the database can't be reached",
        504: "the view hasn't got to that position",
    }.items()
}


BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "A person's OIDC token (roles), or a program's token or API key of this service (scopes)",
}
CLAIM_LINK = {"type": "apiKey", "in": "query", "name": "token", "description": "An offer's claim link, of that alert"}

WRITES = frozenset({"POST", "PATCH", "DELETE"})
WITHOUT_HISTORY = frozenset({"keys", "ops"})
"""Tags of routes whose writes are no events."""

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The first answer to this key is repeated for 24 h; the same key with another body is 422",
    "schema": {"type": "string", "pattern": "^[!-~]+$", "minLength": 1, "maxLength": 255},
}
X_POSITION = {
    "description": "Where what was stored stands, for `?at_least=`; absent where nothing was",
    "schema": {"type": "string", "pattern": "^[a-z]+:[0-9]+$"},
}


class Documented(FastAPI):
    """With the components that its routes refer to. `documented_routes` are those that it was given."""

    documented_routes: Iterable[APIRoute] = ()

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        components = document.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
        components["responses"] = {"Problem": PROBLEM}
        components["securitySchemes"] = {"bearer": BEARER}
        for route in self.documented_routes:
            door = door_of(route)
            if door and door.by_link:
                components["securitySchemes"]["claim_link"] = CLAIM_LINK
            for method in (route.methods or ()) if route.include_in_schema else ():
                _say(document["paths"][route.path_format][method.lower()], method, door)
        return document


def _say(operation: dict[str, Any], method: str, door: Door | None) -> None:
    """Who is let in; what a write by a bearer takes and tells. `x-who` has the roles and scopes of which one is enough; whether
    it is for oneself only, the route's description says."""
    operation["security"] = [] if door is None else [{"bearer": []}, *([{"claim_link": []}] if door.by_link else [])]
    if door is None:
        return
    operation["x-who"] = {"roles": sorted(door.roles), "scopes": sorted(door.scopes)}
    if method not in WRITES:
        return
    parameters = operation.setdefault("parameters", [])
    operation["parameters"] = [*(one for one in parameters if one["name"] != IDEMPOTENCY_KEY["name"]), IDEMPOTENCY_KEY]
    if WITHOUT_HISTORY.isdisjoint(operation.get("tags", ())):
        for status, answer in operation["responses"].items():
            if status < "300":
                answer["headers"] = {"X-Position": X_POSITION}
