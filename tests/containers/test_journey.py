"""A check-in's whole way through the composed system, to a webhook whose signature holds."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
from standardwebhooks import Webhook

from tests.containers.system import System, run

pytestmark = pytest.mark.containers
WITHIN = 30.0  # seconds
PORT = 8900
RECEIVER = f"""
import http.server, json

class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['content-length'])).decode()
        print(json.dumps(dict(headers=dict(self.headers), body=body)), flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        return

http.server.HTTPServer(('127.0.0.1', {PORT}), Receiver).serve_forever()
"""


@pytest.fixture
def receiver(composed: System) -> Iterator[str]:
    """A container that shares the loopback of the alerts service, the one place to which http is permitted."""
    alerts = composed.inspect("alerts")
    place = f"container:{alerts['Id']}"
    command = ("docker", "run", "--detach", "--network", place, "--entrypoint", "python", str(alerts["Image"]), "-c", RECEIVER)
    container = run(*command).strip()
    yield container
    run("docker", "rm", "--force", container)


def test_a_call_for_help_reaches_a_supporters_endpoint_as_a_signed_webhook(composed: System, receiver: str) -> None:
    tokens = composed.tokens()
    supporter, asking = (_enrol(composed, tokens, team) for team in ("green", "blue"))
    admin = {"Authorization": f"Bearer {tokens['ADMIN_TOKEN']}"}
    alerts = composed.url("alerts")
    enrolled = _known(f"{alerts}/supporters", {"member": supporter, "languages": ["de"], "skills": []}, admin)
    endpoint = _known(f"{alerts}/endpoints", {"supporter": enrolled["id"], "url": f"http://127.0.0.1:{PORT}/webhooks"}, admin)
    call = {"member": asking, "mood": 2, "wants_contact": True}
    _post(f"{composed.url('checkins')}/check-ins", call, _program(tokens)).raise_for_status()
    received = _first(receiver)
    body = cast(dict[str, Any], Webhook(endpoint["secret"]).verify(received["body"], _lower(received["headers"])))
    assert body["type"] == "alert.offered"
    assert body["data"]["claim_url"].startswith(alerts)


def _enrol(composed: System, tokens: dict[str, str], team: str) -> str:
    consents = {"analytics": True, "text": True, "contact": True}
    member = {"name": "Ada", "team": team, "timezone": "Europe/Vienna", "languages": ["de"], "consents": consents}
    answer = _post(f"{composed.url('checkins')}/members", member, _program(tokens)).raise_for_status()
    return str(answer.json()["id"])


def _known(url: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, str]:
    """Posts until the service knows the member, of whom it learns through Kafka."""
    deadline = time.monotonic() + WITHIN
    while (answer := _post(url, body, headers)).status_code == 404 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert answer.status_code == 201, answer.text
    return cast(dict[str, str], answer.json())


def _first(receiver: str) -> dict[str, Any]:
    deadline = time.monotonic() + WITHIN
    while not (lines := run("docker", "logs", receiver).splitlines()):
        assert time.monotonic() < deadline, "no webhook came"
        time.sleep(0.1)
    return cast(dict[str, Any], json.loads(lines[0]))


def _post(url: str, body: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
    return httpx.post(url, json=body, headers=headers, timeout=10)


def _program(tokens: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['SERVICE_TOKEN']}"}


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
