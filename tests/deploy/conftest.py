"""A checkout with one small service in it, so that the launcher is tried with real parts before and without the real ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import Stack

SERVICE = """
import os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

role = sys.argv[1]
url = os.environ["CHECKINS_URL" if role == "api" else f"CHECKINS_{role.upper()}_URL"]


class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()


ThreadingHTTPServer(("127.0.0.1", int(url.rsplit(":", 1)[1])), Ready).serve_forever()
"""
BROKEN = 'raise SystemExit("the table of moods is missing")'


def checkout(folder: Path, source: str = SERVICE) -> Path:
    service = folder / "services" / "checkins"
    service.mkdir(parents=True)
    (service.parent / "__init__.py").touch()
    (service / "__init__.py").touch()
    (service / "__main__.py").write_text(source)
    return folder


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    root = checkout(tmp_path_factory.mktemp("checkout"))
    stack = Stack(root, root / ".local")
    try:
        stack.up(environ={})
        yield stack
    finally:
        stack.down()
