"""How much and how fast: body sizes (413) and a token bucket for each caller (429)."""

import time
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import MEDIA_TYPE, Problem

BODY_BYTES = 1024 * 1024
DRAINED_BYTES = 128 * 1024 * 1024
"""A body that is too large is still read up to here, so that its sender sees the answer and not a broken connection."""

REMEMBERED_CALLERS = 10_000


class RateLimit:
    """A token bucket for each caller: `per_second` on average, as many at once."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, caller: str) -> None:
        """Raises a 429 Problem with Retry-After when the caller's bucket is empty."""
        now = time.monotonic()
        tokens, since = self._buckets.get(caller, (self.per_second, now))
        tokens = min(self.per_second, tokens + (now - since) * self.per_second)
        if tokens < 1:
            raise Problem(429, "too-fast", "Too many requests; wait a moment.", headers={"Retry-After": "1"})
        self._buckets.pop(caller, None)
        if len(self._buckets) >= REMEMBERED_CALLERS:
            del self._buckets[next(iter(self._buckets))]  # who came longest ago: many names don't empty the others' memory
        self._buckets[caller] = (tokens - 1, now)


BODY = "alongside.body"


def body_of(scope: Scope) -> bytes:
    """The whole body of a request that BodyLimit has let in."""
    body: bytes = scope[BODY]
    return body


class Left(Exception):
    """Who sent a body has hung up before its end."""


class BodyLimit:
    """ASGI middleware that answers 413 to a body above its path's limit and 415 to a packed one, before anything decodes it.

    A body that was cut off goes nowhere, however right its beginning looks.
    """

    def __init__(self, app: ASGIApp, larger: Mapping[str, int]) -> None:
        self._app = app
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        limit = self._larger.get(scope["path"], BODY_BYTES)
        try:
            body = await _read(receive, limit)
        except Left:
            return
        if body is None:
            await _refuse(send, Problem(413, "too-large", f"The body may have {limit} bytes at most."))
        elif _is_packed(scope):
            await _refuse(send, Problem(415, "packed", "A body is taken as it is, without a Content-Encoding."))
        else:
            scope[BODY] = body
            await self._app(scope, _replay(body, receive), send)


async def _read(receive: Receive, limit: int) -> bytes | None:
    """None for a body that is too large. Raises Left."""
    chunks: list[bytes] = []
    size, more = 0, True
    while more and size <= DRAINED_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Left
        chunk = message.get("body", b"")
        size, more = size + len(chunk), message.get("more_body", False)
        if size <= limit:
            chunks.append(chunk)
    return b"".join(chunks) if size <= limit else None


def _is_packed(scope: Scope) -> bool:
    return any(name == b"content-encoding" and value.strip().lower() != b"identity" for name, value in scope["headers"])


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _refuse(send: Send, problem: Problem) -> None:
    headers = [(b"content-type", MEDIA_TYPE.encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": problem.encoded()})
