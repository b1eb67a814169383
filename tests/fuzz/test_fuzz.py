"""The short form of `make fuzz`, and that it would notice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import Keys
from deploy.contracts.apps import app_of, services_with_an_api
from tests.fuzz.__main__ import fuzz_one
from tests.fuzz.documented import Answer, Documented

PROBLEM = b'{"type": "/problems/x", "title": "X", "status": 404, "detail": "x"}'
AS_PROBLEM = {"content-type": "application/problem+json"}
AS_JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("service", services_with_an_api())
def test_every_answer_to_odd_requests_is_a_documented_one(
    service: str, tmp_path: Path, new_database: Callable[[], str], kafka: str
) -> None:
    keys = Keys(tmp_path)
    keys.make()
    outcome = fuzz_one(service, 100, 3, keys, new_database(), kafka)
    assert outcome.statuses.total() == 100
    assert outcome.is_well, "\n".join(outcome.findings)


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/crisis-lines", Answer(500, AS_PROBLEM, PROBLEM)),
        ("GET", "/crisis-lines", Answer(418, AS_PROBLEM, PROBLEM)),
        ("GET", "/crisis-lines", Answer(404, AS_JSON, PROBLEM)),
        ("GET", "/crisis-lines", Answer(404, AS_PROBLEM, b'{"detail": "no"}')),
        ("GET", "/crisis-lines", Answer(404, AS_PROBLEM, b"no")),
        ("POST", "/check-ins", Answer(201, AS_JSON, b'{"id": 7}')),
        ("GET", "/nowhere", Answer(200, AS_JSON, b"{}")),
        ("GET", "/nowhere", Answer(307, AS_JSON, b"")),
        ("HEAD", "/crisis-lines", Answer(405, AS_PROBLEM, PROBLEM)),
    ],
)
def test_what_is_not_documented_is_found(method: str, path: str, answer: Answer) -> None:
    assert Documented(app_of("checkins").openapi()).wrong(method, path, answer)


def test_what_is_documented_is_well() -> None:
    documented = Documented(app_of("checkins").openapi())
    assert documented.wrong("GET", "/crisis-lines", Answer(422, AS_PROBLEM, PROBLEM)) is None
    assert documented.wrong("GET", "/crisis", Answer(200, {"content-type": "text/html; charset=utf-8"}, b"<p>")) is None
    assert documented.wrong("PUT", "/crisis", Answer(405, AS_PROBLEM, PROBLEM)) is None
