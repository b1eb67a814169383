"""Kafka and PostgreSQL in containers (testcontainers): for tests with `--parts=containers` and for `PARTS=containers make up`.

with start_kafka() as bootstrap, start_postgres(databases=["checkins"]) as admin_url: ...   # gone with the block
start(layout, kafka=True, postgres=True); stop(layout)                                      # the data stays, in volumes
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docker.errors import DockerException  # type: ignore[import-untyped]  # the SDK has no types
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from deploy.containers.images import KAFKA_DATA, POSTGRES_DATA, kafka_container, postgres_container
from deploy.failure import CannotStart
from deploy.keys import Keys
from deploy.layout import Layout, write_private
from deploy.ports import Ports, free_port
from deploy.postgres import create_databases

STATE = "alongside.state"
"""The label that says to which state folder a container or a volume belongs."""
PART = "alongside.part"
"""And this one which of the two it is: `kafka` or `postgres`."""


@contextmanager
def start_kafka(port: int | None = None) -> Iterator[str]:
    """Yields the bootstrap address."""
    port = port or free_port()
    with _engine(), kafka_container(port):
        yield f"127.0.0.1:{port}"


@contextmanager
def start_postgres(port: int | None = None, databases: Iterable[str] = ()) -> Iterator[str]:
    """Yields the administrator's URI; `deploy.database_url(uri, name)` is the URI of a database there."""
    port, password = port or free_port(), secrets.token_hex(16)
    with _engine(), postgres_container(port, password):
        create_databases(_admin_url(password, port), databases)
        yield _admin_url(password, port)


def start(layout: Layout, kafka: bool, postgres: bool) -> tuple[str | None, str | None]:
    """Starts what is asked for and answers with bootstrap address and administrator's URI. They outlive this process."""
    bootstrap = admin_url = None
    with _engine(), _stopped_on_failure(layout):
        ports = Ports(layout.state / "ports.json")
        if kafka:
            port = ports.of("kafka")
            _detach(kafka_container(port), layout, "kafka", KAFKA_DATA)
            bootstrap = f"127.0.0.1:{port}"
        if postgres:
            port, password = ports.of("postgres"), Keys(layout.keys).password()
            _detach(postgres_container(port, password), layout, "postgres", POSTGRES_DATA)
            admin_url = _admin_url(password, port)
    return bootstrap, admin_url


def stop(layout: Layout) -> None:
    """Removes this state's containers, and volumes of a state that was in the same folder before it was deleted."""
    client, ours = DockerClient().client, {"label": f"{STATE}={layout.state}"}
    for container in client.containers.list(all=True, filters=ours):
        container.stop(timeout=20)
        container.remove(force=True, v=True)
    for volume in client.volumes.list(filters=ours):
        if not volume.name.startswith(_prefix(layout)):
            volume.remove()


def halt(layout: Layout, name: str) -> None:
    """Stops `kafka` or `postgres` until `resume`; nothing is removed."""
    with _engine():
        _one(layout, name).stop(timeout=20)


def resume(layout: Layout, name: str) -> None:
    with _engine():
        _one(layout, name).start()


def _one(layout: Layout, name: str) -> Any:
    ours = {"label": [f"{STATE}={layout.state}", f"{PART}={name}"]}
    return DockerClient().client.containers.list(all=True, filters=ours)[0]


def forget(layout: Layout) -> None:
    """`stop`, and the data with it."""
    _prefix_file(layout).unlink(missing_ok=True)
    stop(layout)


@contextmanager
def _stopped_on_failure(layout: Layout) -> Iterator[None]:
    """And before: what a launcher that was killed left running has the ports."""
    stop(layout)
    try:
        yield
    except BaseException:
        stop(layout)
        raise


def _detach(container: DockerContainer, layout: Layout, name: str, folder: str) -> None:
    """Starts it without testcontainers' reaper, which ends what a process has started when that process ends."""
    labels, volume = {STATE: str(layout.state), PART: name}, f"{_prefix(layout)}-{name}"
    container.get_docker_client().client.volumes.create(volume, labels=labels)
    reaper, testcontainers_config.ryuk_disabled = testcontainers_config.ryuk_disabled, True
    try:
        container.with_volume_mapping(volume, folder, "rw").with_kwargs(labels=labels).start()
    finally:
        testcontainers_config.ryuk_disabled = reaper


def _prefix(layout: Layout) -> str:
    """Of the volumes' names. It is kept in the state folder: a new folder has new keys, which fit no old data."""
    file = _prefix_file(layout)
    if not file.exists():
        write_private(file, f"alongside-{secrets.token_hex(6)}")
    return file.read_text()


def _prefix_file(layout: Layout) -> Path:
    return layout.state / "volumes"


def _admin_url(password: str, port: int) -> str:
    return f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"


@contextmanager
def _engine() -> Iterator[None]:
    try:
        yield
    except (DockerException, TimeoutError) as error:
        raise CannotStart(
            f"The container engine does not do what is asked: {error}\nIs one running, as `docker info` tells? Kafka and"
            " PostgreSQL need none: leave PARTS=containers out."
        ) from error
