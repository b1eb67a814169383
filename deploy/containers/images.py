"""Kafka and PostgreSQL as containers that are ready when they have started, each on a loopback port chosen beforehand."""

from __future__ import annotations

from typing import TypeVar

from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from deploy.kafka import SETTINGS
from deploy.postgres import QUIET

KAFKA, POSTGRES = "apache/kafka:4.1.1", "postgres:18"
KAFKA_DATA, POSTGRES_DATA = "/var/lib/kafka/data", "/var/lib/postgresql"
INITDB = "--encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"
READY_WITHIN = 60  # seconds

Container = TypeVar("Container", bound=DockerContainer)


def kafka_container(port: int) -> DockerContainer:
    """A plain one: testcontainers' own KafkaContainer starts by scripts that only Confluent's images have. A broker tells
    its clients its address, so the port can't be left to the engine."""
    ready = LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(READY_WITHIN)
    return _on_loopback(DockerContainer(KAFKA, env=kafka_environment(port)).waiting_for(ready), 9092, port)


def kafka_environment(port: int) -> dict[str, str]:
    """The local broker's settings in the image's notation; only the places differ."""
    settings = dict(line.split("=", 1) for line in SETTINGS.format(port=port, controller=9093, folder="").splitlines())
    settings |= {
        "listeners": "PLAINTEXT://0.0.0.0:9092,CONTROLLER://127.0.0.1:9093",
        "log.dirs": KAFKA_DATA,
        "heap.opts": "-Xms128m -Xmx320m",
    }
    return {f"KAFKA_{name.replace('.', '_').upper()}": value for name, value in settings.items()}


def postgres_container(port: int, password: str) -> PostgresContainer:
    container = PostgresContainer(POSTGRES, username="postgres", password=password, dbname="postgres")
    container.with_env("POSTGRES_INITDB_ARGS", INITDB)
    settings = {"max_connections": "300", "timezone": "UTC", **QUIET}
    container.with_command(["postgres", *(part for pair in settings.items() for part in ("-c", "=".join(pair)))])
    return _on_loopback(container, 5432, port)


def _on_loopback(container: Container, inside: int, port: int) -> Container:
    container.ports = {f"{inside}/tcp": ("127.0.0.1", port)}  # type: ignore[dict-item]  # Docker's API takes a host too
    return container
