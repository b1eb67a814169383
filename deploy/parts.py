"""Kafka and PostgreSQL, by the order of choice: an address that was given, containers when asked for, our own processes."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from deploy.failure import CannotStart
from deploy.kafka import Kafka
from deploy.keys import Keys
from deploy.layout import Layout
from deploy.ports import Ports
from deploy.postgres import Postgres, database_url
from deploy.program import Program


@dataclass(frozen=True)
class Parts:
    """Where both are. `programs` are what the supervisor must run for it; none for what somebody else runs.
    `postgres` is an administrator's URI, None when each service's database was given."""

    kafka: str
    postgres: str | None
    programs: tuple[Program, ...] = ()

    def database(self, service: str) -> str:
        """Where a service's database is, or will be."""
        if self.postgres is None:
            raise CannotStart(f"{service.upper()}_DATABASE_URL is missing, and no PostgreSQL was asked for.")
        return database_url(self.postgres, service)

    def runs(self, name: str) -> bool:
        return any(program.name == name for program in self.programs)


class Containers(Protocol):
    """The module `deploy.containers.parts`: starts what is asked for, and stops all that it started for this state."""

    def start(self, layout: Layout, kafka: bool, postgres: bool) -> tuple[str | None, str | None]: ...

    def stop(self, layout: Layout) -> None: ...

    def halt(self, layout: Layout, name: str) -> None: ...

    def resume(self, layout: Layout, name: str) -> None: ...


def choose(layout: Layout, environ: Mapping[str, str], services: Iterable[str]) -> Parts:
    kafka = environ.get("KAFKA_BOOTSTRAP")
    given = all(f"{name}_DATABASE_URL".upper() in environ for name in services) and bool(list(services))
    postgres = environ.get("POSTGRES_URL")
    if environ.get("PARTS") == "containers":
        started = containers().start(layout, kafka=not kafka, postgres=not (postgres or given))
        kafka, postgres = kafka or started[0], postgres or started[1]
    return _with_local(layout, kafka, postgres, needs_postgres=not (postgres or given))


def _with_local(layout: Layout, kafka: str | None, postgres: str | None, needs_postgres: bool) -> Parts:
    ports, programs = Ports(layout.state / "ports.json"), []
    if not kafka:
        broker = Kafka(layout.kafka, ports.of("kafka"), ports.of("kafka-controller"))
        programs.append(broker.prepare())
        kafka = broker.bootstrap
    if needs_postgres:
        server = Postgres(layout.postgres, ports.of("postgres"), Keys(layout.keys).password())
        programs.append(server.prepare())
        postgres = server.url
    return Parts(kafka, postgres, tuple(programs))


def containers() -> Containers:
    try:
        return cast(Containers, importlib.import_module("deploy.containers.parts"))
    except ModuleNotFoundError as error:
        raise CannotStart(
            f"PARTS=containers needs {error.name}, which is not here."
            " Leave PARTS out to run Kafka and PostgreSQL from packages."
        ) from error


def stop_containers(layout: Layout) -> None:
    try:
        containers().stop(layout)
    except Exception as error:  # whatever the engine's client raises: we do not import it unless containers are asked for
        raise CannotStart(f"The containers of {layout.state} could not be stopped: {error}") from error
