"""Processes that are started before their database and their broker are there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import httpx
import msgspec
import pytest

import deploy
from deploy import Keys
from deploy.layout import CHECKOUT
from deploy.ports import free_port
from shared.observability import QUIET_SECONDS

ROLES = (("checkins", "relay"), ("alerts", "stream"), ("alerts", "replays"), ("alerts", "webhooks"))
PATIENCE = 180
NOT_AGAIN = timedelta(seconds=QUIET_SECONDS - 1)


@dataclass(frozen=True)
class Started:
    process: subprocess.Popen[bytes]
    output: Path
    health: str

    def said(self, event: str) -> bool:
        return event in self.output.read_text()

    def readiness(self) -> int | None:
        """None where nobody answers."""
        try:
            return httpx.get(f"{self.health}/readyz").status_code
        except httpx.TransportError:
            return None


@dataclass(frozen=True)
class Places:
    """Where the parts will be."""

    postgres: int
    kafka: int

    def environment(self, service: str, keys: Path) -> dict[str, str]:
        database = deploy.database_url(f"postgresql://postgres:postgres@127.0.0.1:{self.postgres}/postgres", service)
        name, api = service.upper(), f"http://127.0.0.1:{free_port()}"
        kafka = f"127.0.0.1:{self.kafka}"
        return {f"{name}_DATABASE_URL": database, "KAFKA_BOOTSTRAP": kafka, f"{name}_URL": api, "ALONGSIDE_KEYS": str(keys)}


@pytest.fixture
def places() -> Places:
    return Places(free_port(), free_port())


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir()
    Keys(folder).make()
    return folder


@pytest.fixture
def started(places: Places, keys: Path, tmp_path: Path) -> Iterator[dict[tuple[str, str], Started]]:
    running = {role: _start(*role, places.environment(role[0], keys), tmp_path) for role in ROLES}
    yield running
    for one in running.values():
        one.process.kill()
        one.process.wait()


def _start(service: str, role: str, environment: dict[str, str], folder: Path) -> Started:
    health = f"http://127.0.0.1:{free_port()}"
    output = folder / f"{service}-{role}.log"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", f"services.{service}", role],
            cwd=CHECKOUT,
            env={**os.environ, **environment, f"{service.upper()}_{role.upper()}_URL": health},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    return Started(process, output, health)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_starts_before_its_parts_waits_for_them_says_why_in_a_line_and_then_works(
    started: dict[tuple[str, str], Started], places: Places, tmp_path: Path
) -> None:
    until(lambda: all(one.said("store.not_open") for one in started.values()))
    assert {one.readiness() for one in started.values()} == {503}
    with deploy.start_postgres(tmp_path / "postgres", places.postgres, ["checkins", "alerts"]):
        need_kafka = [one for role, one in started.items() if role != ("alerts", "webhooks")]
        until(lambda: all(one.said("kafka.not_there") for one in need_kafka))
        with deploy.start_kafka(tmp_path / "kafka", places.kafka):
            until(lambda: {one.readiness() for one in started.values()} == {200})
            assert [one.process.poll() for one in started.values()] == [None] * len(ROLES), "none was started again"
    for one in started.values():
        lines = [msgspec.json.decode(line) for line in one.output.read_bytes().splitlines()]
        assert "Connection refused" in next(line["because"] for line in lines if line["event"] == "store.not_open")
        told = [datetime.fromisoformat(line["timestamp"]) for line in lines if line["event"] == "kafka.not_there"]
        assert all(later - before > NOT_AGAIN for before, later in pairwise(told))


def test_a_command_whose_database_is_not_there_says_so_in_a_line(places: Places, keys: Path) -> None:
    environment = {**os.environ, **places.environment("alerts", keys)}
    for command in (["replay", "--dry-run"], ["relay", "--from", "0"]):
        done = subprocess.run(
            [sys.executable, "-m", "services.alerts", *command], cwd=CHECKOUT, env=environment, capture_output=True, check=False
        )
        assert done.returncode == 1
        assert done.stderr.startswith(b"The database isn't there: connection failed")
        assert done.stderr.count(b"\n") == 1
