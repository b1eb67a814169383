"""How a request may arrive: bounded in its address, its headers, the time it takes, and how many connections there are at once.

uvicorn bounds none of these with httptools: a connection that said nothing was kept for ever, and a head without an end.
What arrives in one piece, as nearly all do, starts no timer.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.errors import MEDIA_TYPE, Problem

URL_BYTES = 8 * 1024
HEAD_BYTES = 32 * 1024
MOST_HEADERS = 100
MOST_CONNECTIONS = 500
"""Of one process; below the 1,024 files that many systems let a process have."""
ARRIVES_WITHIN = 30.0
"""Seconds, from the connection or the first byte to the last."""

SAFE_HEADERS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cache-control": "no-store"}
"""Every answer tells a browser not to guess what it is, not to keep it, and to tell nobody where one came from."""

REASONS = {400: "Bad Request", 408: "Request Timeout", 414: "URI Too Long", 431: "Request Header Fields Too Large"}
NOT_HTTP = Problem(400, "not-http", "That isn't a request.")
TOO_SLOW = Problem(408, "too-slow", "The request didn't arrive in time.")
TOO_LONG = Problem(414, "address-too-long", f"An address may have {URL_BYTES} bytes at most.")
TOO_MANY_HEADERS = Problem(431, "headers-too-large", f"At most {MOST_HEADERS} headers, of {HEAD_BYTES} bytes in all.")
TOO_MANY = Problem(503, "too-many-connections", "Too many connections; try again.", headers={"Retry-After": "1"})


class BoundedArrival(HttpToolsProtocol):
    """uvicorn's protocol for HTTP/1.1 with the bounds above; what is beyond them is told so and hung up on."""

    arrives_within = ARRIVES_WITHIN
    most_connections = MOST_CONNECTIONS
    _timer: asyncio.TimerHandle | None = None
    _is_whole = False
    _has_head = False
    _is_refused = False
    _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        if len(self.connections) > self.most_connections and not self._made_room():
            self._refuse(TOO_MANY)
        else:
            self._expect()

    def _made_room(self) -> bool:
        """Hangs up on whoever has been about to say something for longest: many that say nothing keep nobody out."""
        waiting = [one for one in self.connections if isinstance(one, BoundedArrival) and one._timer is not None]
        if not waiting:
            return False
        min(waiting, key=lambda one: one._timer.when() if one._timer else 0.0)._refuse(TOO_SLOW)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        self._is_whole = False
        self._received += len(data)
        super().data_received(data)
        if not self._has_head and self._received > HEAD_BYTES:
            self._refuse(TOO_MANY_HEADERS)
        elif self._is_whole:
            self._forget()
        else:
            self._expect()

    def on_message_begin(self) -> None:
        self._is_whole = self._has_head = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._has_head = True
        if problem := _beyond(self.url, self.headers):
            self._refuse(problem)
        elif not self._is_refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_whole, self._received = True, 0
        if not self._is_refused:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(NOT_HTTP)

    def _unsupported_upgrade_warning(self) -> None:
        """An upgrade that isn't offered is no news: the request is answered as any other."""

    def _expect(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.arrives_within, self._refuse, TOO_SLOW)

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, problem: Problem) -> None:
        """Says so where no answer to this request has begun, and hangs up."""
        self._forget()
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(_told(problem, self.server_state.default_headers))
        self.transport.close()


def _beyond(url: bytes, headers: Iterable[tuple[bytes, bytes]]) -> Problem | None:
    sizes = [len(name) + len(value) for name, value in headers]
    if len(url) > URL_BYTES:
        return TOO_LONG
    return TOO_MANY_HEADERS if len(sizes) > MOST_HEADERS or sum(sizes) > HEAD_BYTES else None


def _told(problem: Problem, always: Iterable[tuple[bytes, bytes]]) -> bytes:
    body = problem.encoded()
    headers = {"content-type": MEDIA_TYPE, "content-length": str(len(body)), "connection": "close", **problem.headers}
    lines = [f"{name}: {value}".encode() for name, value in headers.items()] + [b": ".join(pair) for pair in always]
    status = f"HTTP/1.1 {problem.status} {REASONS.get(problem.status, 'Service Unavailable')}"
    return b"\r\n".join((status.encode(), *lines, b"", body))


SERVER: dict[str, Any] = {
    "http": BoundedArrival,
    "ws": "none",
    "headers": list(SAFE_HEADERS.items()),
    "server_header": False,
    "proxy_headers": False,  # who calls is known by their token
    "access_log": False,
    "log_config": None,
}
"""How uvicorn serves every API."""
