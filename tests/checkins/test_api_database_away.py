"""The database goes away while the service runs, and comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

import deploy
from deploy.ports import free_port
from tests.checkins.problems import problem
from tests.checkins.serving import MEMBER, Served, made_keys, serve

LONGEST_ANSWER_SECONDS = 8
LONGEST_RETURN_SECONDS = 15
KEY = {"Idempotency-Key": "once"}


class Database:
    """A server of this test's own, that it may stop and start."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port, self._running = folder, free_port(), ExitStack()
        self.url = deploy.database_url(self.start(), "checkins")

    def start(self) -> str:
        return self._running.enter_context(deploy.start_postgres(self._folder, self._port, ["checkins"]))

    def stop(self) -> None:
        self._running.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "postgres")
    yield database
    database.stop()


def timed(send: httpx.Client, method: str, path: str, **options: object) -> httpx.Response:
    start = time.monotonic()
    answer = send.request(method, path, **options)  # type: ignore[arg-type]
    assert time.monotonic() - start < LONGEST_ANSWER_SECONDS
    return answer


def test_while_it_is_away_everything_is_503_but_the_crisis_lines_and_then_all_is_as_before(
    database: Database, tmp_path: Path
) -> None:
    with serve(database.url, made_keys(tmp_path)) as served:
        member = served.enrol()
        database.stop()
        *others, readiness = _all_that_needs_it(served, member)
        for answer in others:
            problem(answer, 503)
            assert answer.headers["retry-after"] == "1"
        problem(readiness, 503, "not-ready")
        assert served.http.get("/crisis").status_code == 200
        database.start()
        assert _when_it_is_back(served, member).status_code == 201
        assert timed(served.http, "GET", "/readyz").status_code == 200


def _when_it_is_back(served: Served, member: str) -> httpx.Response:
    """The answer to whoever tries again as they are told to; each answer waits for the database a while."""
    deadline = time.monotonic() + LONGEST_RETURN_SECONDS
    while (answer := served.check_in(member)).status_code == 503 and time.monotonic() < deadline:
        pass
    return answer


def _all_that_needs_it(served: Served, member: str) -> list[httpx.Response]:
    with ThreadPoolExecutor() as pool:
        asked = [
            pool.submit(timed, served.http, "POST", "/members", json=MEMBER),
            pool.submit(timed, served.http, "POST", "/check-ins", json={"member": member, "mood": 3}, headers=KEY),
            pool.submit(timed, served.http, "GET", f"/members/{member}/check-ins", headers=served.as_person(member)),
            pool.submit(timed, served.http, "GET", "/readyz"),
        ]
    return [one.result() for one in asked]
