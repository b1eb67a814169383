"""What needs a container engine runs with `--parts=containers` only, and is deselected, not skipped, without it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.containers.system import System

MARK = "containers"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARK}: needs a container engine, so runs with --parts=containers only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--parts", default="local") == "containers":
        return
    engine = [item for item in items if item.get_closest_marker(MARK)]
    config.hook.pytest_deselected(items=engine)
    items[:] = [item for item in items if item not in engine]


@pytest.fixture(scope="session")
def composed() -> Iterator[System]:
    """All of docker-compose.yml, under a name and on ports of its own."""
    system = System()
    try:
        system.up()
        yield system
    except subprocess.CalledProcessError:
        pytest.fail(f"docker compose up failed:\n{system.logs()}")
    finally:
        system.down()
