"""What every error answer has in common."""

from __future__ import annotations

from typing import Any

import httpx

CANARY = "canary7f3e"
"""Put wherever something can be sent; in no error body."""


def problem(answer: httpx.Response, status: int, kind: str = "") -> dict[str, Any]:
    """The body of an answer that must be a problem of this status (and kind), without an echo of what was sent."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= body.keys() <= {"type", "title", "status", "detail", "errors"}
    assert body["status"] == status
    assert kind in body["type"]
    assert CANARY not in answer.text
    assert "Traceback" not in answer.text
    return body


def pointers(body: dict[str, Any]) -> set[str]:
    return {error["pointer"] for error in body.get("errors", ())}
