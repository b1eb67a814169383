"""The real parts that tests run on, by the same order of choice as `make up`: an address in the environment first, then
containers with `--parts=containers`, else Kafka and PostgreSQL from packages. Each test session starts its own and ends
only what it started."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import deploy
from deploy import Stack
from deploy.postgres import create_databases

settings.register_profile("project", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")  # no test judges by the clock: a busy machine is no defect

ROOT = Path(__file__).resolve().parents[1]
_numbers = itertools.count(1)
SHORT_SESSION = {"ALONGSIDE_SESSION_SECONDS": "6"}
"""The shortest that a broker grants: a stopped process is declared dead sooner."""
PATIENCE = 300.0
"""Seconds for a whole system to start beside whatever else the machine does: a busy one is no defect here either."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--parts", choices=("local", "containers"), default="local", help="where Kafka and PostgreSQL come from")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make test` runs two groups at a time: all that need a whole system are one, so that one is started; else a file is."""
    for item in items:
        whole = {"system", "own_system"} & set(getattr(item, "fixturenames", ()))
        item.add_marker(pytest.mark.xdist_group("system" if whole else item.nodeid.split("::")[0]))


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker's bootstrap address."""
    if given := os.environ.get("KAFKA_BOOTSTRAP"):
        yield given
    elif request.config.getoption("--parts") == "containers":
        from deploy.containers import parts  # noqa: PLC0415 - needs a container engine

        with parts.start_kafka() as bootstrap:
            yield bootstrap
    else:
        with deploy.start_kafka(tmp_path_factory.mktemp("parts") / "kafka") as bootstrap:
            yield bootstrap


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An administrator's URI."""
    if given := os.environ.get("POSTGRES_URL"):
        yield given
    elif request.config.getoption("--parts") == "containers":
        from deploy.containers import parts  # noqa: PLC0415 - needs a container engine

        with parts.start_postgres() as url:
            yield url
    else:
        with deploy.start_postgres(tmp_path_factory.mktemp("parts") / "postgres") as url:
            yield url


@pytest.fixture(scope="session")
def new_database(postgres: str) -> Callable[[], str]:
    """Makes an empty database and answers with its URI."""

    def new() -> str:
        name = f"test_{os.getpid()}_{next(_numbers)}"
        return create_databases(postgres, [name])[name]

    return new


@pytest.fixture(scope="session")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All services as processes of their own, with a Kafka and a PostgreSQL that a test may stop and kill."""
    yield from _up(request, tmp_path_factory.mktemp("system"))


@pytest.fixture(scope="module")
def own_system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """As `system`, for one module that everything is searched in, or that leaves something behind."""
    yield from _up(request, tmp_path_factory.mktemp("own-system"))


def _up(request: pytest.FixtureRequest, state: Path) -> Iterator[Stack]:
    stack = Stack(ROOT, state)
    containers = request.config.getoption("--parts") == "containers"
    try:
        stack.up(environ={"PARTS": "containers"} if containers else {}, extra=SHORT_SESSION, seconds=PATIENCE)
        yield stack
    finally:
        stack.down()
        if containers:
            from deploy.containers import parts  # noqa: PLC0415 - needs a container engine

            parts.forget(stack.layout)
