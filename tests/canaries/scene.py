"""What a run leaves to be searched beside the system itself: what was answered, received and printed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from deploy import Stack
from tests.canaries.canary import Canaries

Named = tuple[str, bytes]
"""Where exactly, and what stands there."""


@dataclass
class Scene:
    """`urls` are pages beside the stack's own, `pids` processes beside its own; both are empty but where a leak is planted."""

    stack: Stack
    canaries: Canaries
    posted: int = 0
    error_bodies: list[Named] = field(default_factory=list)
    written_answers: list[Named] = field(default_factory=list)
    answer_headers: list[Named] = field(default_factory=list)
    others_reads: list[Named] = field(default_factory=list)
    received_headers: list[Named] = field(default_factory=list)
    received_bodies: list[Named] = field(default_factory=list)
    printed: list[Named] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    pids: list[int] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return self.stack.environment()

    def urls_of(self, services_only: bool = False) -> list[str]:
        """Every role's page, or only the APIs'."""
        watched = [one for one in self.stack.watched() if one.kind == "http"]
        return [one.address for one in watched if not services_only or one.name.endswith("-api")] + self.urls

    def databases(self) -> dict[str, str]:
        ending = "_DATABASE_URL"
        return {name.removesuffix(ending).lower(): url for name, url in self.environment.items() if name.endswith(ending)}


@contextmanager
def receiving(scene: Scene) -> Iterator[str]:
    """A supporter's tool on loopback, which keeps what it is sent: not the address, which is its own."""

    class Tool(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            scene.received_headers.append(("a webhook", str(self.headers).encode()))
            scene.received_bodies.append(("a webhook", body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Tool)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
