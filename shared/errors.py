"""What a caller is told when something is wrong: RFC 9457 problem details, without a trace and without an echo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class FieldError:
    """One wrong field. `pointer` is a JSON pointer (RFC 6901) into the body, or the parameter's name."""

    pointer: str
    detail: str


class Problem(Exception):
    """Raised anywhere, answered at the edge. `detail` and the errors are our words, never the caller's."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {kind}")
        self.status = status
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    @property
    def may_be_retried(self) -> bool:
        """Whether the same request can succeed later, so that this answer isn't the last word for its key."""
        return self.status >= 500 or "Retry-After" in self.headers

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": f"/problems/{self.kind}",
            "title": self.kind.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [{"pointer": error.pointer, "detail": error.detail} for error in self.errors]
        return body

    def encoded(self) -> bytes:
        return msgspec.json.encode(self.body())


def unknown(what: str, pointer: str | None = None, retry_after: int | None = None) -> Problem:
    """404 for an id that isn't known; with `retry_after` where another service may simply not have heard of it yet."""
    return Problem(
        404,
        f"unknown-{what}",
        f"There is no such {what}.",
        [FieldError(pointer, f"no such {what}")] if pointer else (),
        {"Retry-After": str(retry_after)} if retry_after else None,
    )


def wrong_state(detail: str) -> Problem:
    return Problem(409, "wrong-state", detail)


def forbidden(detail: str = "This token's role or scope doesn't permit it.") -> Problem:
    return Problem(403, "forbidden", detail)


def invalid(pointer: str, detail: str) -> Problem:
    return Problem(422, "invalid-request", "The request has a wrong field.", [FieldError(pointer, detail)])
