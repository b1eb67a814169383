from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from deploy.containers.health import addresses, complaint

ALERTS = {
    "SERVICE": "alerts",
    "ALERTS_DATABASE_URL": "postgresql://alerts@postgres/alerts",
    "ALERTS_URL": "https://alerts.example.org",
    "ALERTS_BIND": "0.0.0.0:8000",
    "ALERTS_STREAM_URL": "http://127.0.0.1:9002",
    "ALERTS_RELAY_URL": "http://127.0.0.1:9001",
}


def test_every_role_is_asked_where_it_listens_inside() -> None:
    assert addresses(ALERTS) == ["127.0.0.1:8000", "127.0.0.1:9001", "127.0.0.1:9002"]


def test_an_api_that_binds_where_it_is_reached_needs_no_second_address() -> None:
    assert addresses({"SERVICE": "checkins", "CHECKINS_URL": "http://127.0.0.1:8001"}) == ["127.0.0.1:8001"]


@pytest.fixture
def role(request: pytest.FixtureRequest) -> Iterator[str]:
    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(request.param if self.path == "/readyz" else 404)
            self.end_headers()
            self.wfile.write(b"because")

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ready)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("role", [200], indirect=True)
def test_nothing_is_said_of_a_role_that_is_ready(role: str) -> None:
    assert complaint(role) is None


@pytest.mark.parametrize("role", [503], indirect=True)
def test_a_role_that_is_not_ready_is_named_with_its_reason(role: str) -> None:
    assert complaint(role) == f"{role}: 503 because"


def test_a_role_that_does_not_answer_is_named() -> None:
    found = complaint("127.0.0.1:1")
    assert found is not None
    assert found.startswith("127.0.0.1:1: ")
