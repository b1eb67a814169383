"""Whether an answer is one that the document promises: its status, its media type, its body."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs

from shared.errors import MEDIA_TYPE
from shared.http.documented import PROBLEM_SCHEMA

PROBES = {"/healthz", "/readyz", "/metrics", "/openapi.json"}
OUTSIDE = {400, 401, 404, 405, 413, 414, 415, 422, 431}
"""What an address or a method that isn't in the document, the page behind a claim link among them, or bytes that aren't a
request are answered with: a problem."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Documented:
    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._paths = [(_pattern(path), operations) for path, operations in document["paths"].items()]

    def wrong(self, method: str, path: str, answer: Answer) -> str | None:
        """What is wrong with the answer to this request, in words; None for nothing."""
        if answer.status >= 500 and answer.status != 504:
            return f"{answer.status}"
        if method == "HEAD":
            return "a HEAD with a body" if answer.body else None
        operation = self._operation(method, path)
        if operation is None:
            return None if path in PROBES and answer.status == 200 else self._wrong_outside(answer)
        promised = operation["responses"].get(str(answer.status))
        if promised is None:
            return f"{answer.status} isn't documented"
        return _wrong_body(self._document, self._followed(promised).get("content", {}), answer)

    def _followed(self, promised: dict[str, Any]) -> dict[str, Any]:
        """What it refers to, where it does."""
        name = promised.get("$ref", "").removeprefix("#/components/responses/")
        found: dict[str, Any] = self._document["components"]["responses"][name] if name else promised
        return found

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        """A literal path before one with a parameter, as routes are declared."""
        found = [operations for pattern, operations in self._paths if pattern.fullmatch(path)]
        return next((operations[method.lower()] for operations in found if method.lower() in operations), None)

    def _wrong_outside(self, answer: Answer) -> str | None:
        if answer.status not in OUTSIDE:
            return f"{answer.status} to what isn't documented"
        return _wrong_body(self._document, {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}}, answer)


def _wrong_body(document: dict[str, Any], content: dict[str, Any], answer: Answer) -> str | None:
    if not content and not answer.body:
        return None
    if answer.media_type not in content:
        return f"{answer.status} as {answer.media_type or 'nothing'}, not as {' or '.join(content) or 'nothing'}"
    if "json" not in answer.media_type:
        return None
    try:
        read = json.loads(answer.body)
    except ValueError:
        return f"{answer.status} with a body that isn't JSON"
    schema = content[answer.media_type].get("schema", {})
    found = next(iter(_validator(json.dumps(schema), json.dumps(document.get("components", {}))).iter_errors(read)), None)
    return f"{answer.status} whose body isn't by its schema: {found.message[:200]}" if found else None


@cache
def _validator(schema: str, components: str) -> Any:
    return jsonschema_rs.Draft202012Validator({"components": json.loads(components), "allOf": [json.loads(schema)]})


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", path)))
