"""What every service's OpenAPI document says of answers that are a problem: once, and each route refers to it."""

from typing import Any

from fastapi import FastAPI

from shared.errors import MEDIA_TYPE

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


class Documented(FastAPI):
    """With the component that PROBLEMS refer to."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        components = document.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
        components["responses"] = {"Problem": PROBLEM}
        return document
