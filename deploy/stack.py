"""All of it on one machine: Kafka, PostgreSQL and every service, kept alive until `down`."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from deploy import leftovers, parts, postgres, readiness, roster
from deploy.failure import CannotStart
from deploy.keys import Keys
from deploy.layout import Layout, write_private
from deploy.ports import Ports
from deploy.program import Program, Watched
from deploy.readiness import Status
from deploy.supervision import Supervision

READY_WITHIN = 180.0  # seconds, for all of it; a busy machine needs most of that for the broker (`single.PATIENCE`)
SETTLES_WITHIN = 15.0  # seconds, for a process that was being restarted when `up` was called again
ENV_FILE = "ALONGSIDE_ENV"  # says to whoever sourced an exported environment whose it is
RENEW_TOKENS_AFTER = 6 * 3600  # seconds, of the 24 hours they live


class Stack:
    """`root` holds `services/`; everything else lies in `state`, so stacks with different folders run side by side."""

    def __init__(self, root: Path, state: Path) -> None:
        self.layout = Layout(root, state)
        self.keys = Keys(self.layout.keys)
        self._supervision = Supervision(self.layout)

    def up(
        self,
        services: Iterable[str] | None = None,
        extra: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        seconds: float = READY_WITHIN,
    ) -> dict[str, str]:
        """Returns the environment (what `.local/env` exports) once all is ready; what fails leaves nothing running.

        `extra` is added to the environment of every process. Does nothing but renew old tokens when it is up already.
        """
        self.layout.make()
        with self._alone():
            wanted = roster.services(self.layout.root, services)
            if self._is_up(wanted):
                return self._renewed()
            with self._undone_on_failure():
                self._supervision.end()
                return self._start(wanted, extra or {}, own_addresses(os.environ if environ is None else environ), seconds)

    def down(self) -> None:
        """Stops exactly what this stack started. The data stays."""
        if not self.layout.state.exists():
            return
        with self._alone():
            self._end()

    def status(self) -> list[Status]:
        """One line for each process, empty when the stack is down."""
        return readiness.look_at_all(self.layout, self.watched())

    def supervised(self) -> bool:
        """Whether what ends would be restarted; False after the supervisor itself was killed."""
        return self._supervision.alive() or not any(one.ours for one in self.watched())

    def environment(self) -> dict[str, str]:
        return dict(self._record().get("environment", {}))

    def watched(self) -> list[Watched]:
        return [Watched(**fields) for fields in self._record().get("watched", [])]

    def pid(self, name: str) -> int | None:
        return leftovers.running(self.layout.pid_file(name), self.layout.state)

    def stop(self, name: str) -> None:
        """One process, until `start`: `kafka`, `postgres` or SERVICE-ROLE."""
        if self._ours(name):
            self._supervision.stop(name)
        else:
            parts.containers().halt(self.layout, name)

    def start(self, name: str) -> None:
        if self._ours(name):
            self._supervision.start(name)
        else:
            parts.containers().resume(self.layout, name)

    def _ours(self, name: str) -> bool:
        return next((one.ours for one in self.watched() if one.name == name), True)

    def wait_ready(self, seconds: float = READY_WITHIN) -> None:
        readiness.wait(self.layout, self.watched(), seconds)

    def _is_up(self, wanted: tuple[str, ...]) -> bool:
        names = {f"{service}-{role}" for service, role in roster.processes(wanted)}
        known = {one.name for one in self.watched()} - {"kafka", "postgres"}
        if known != names or not self._supervision.alive():
            return False
        try:
            self.wait_ready(SETTLES_WITHIN)
        except CannotStart:
            return False
        return True

    def _start(
        self, services: tuple[str, ...], extra: Mapping[str, str], environ: Mapping[str, str], seconds: float
    ) -> dict[str, str]:
        self.keys.make()
        kind = environ.get("PARTS", "")
        self._keep({}, [], kind)  # so that `down` knows about containers even if we get no further
        chosen = parts.choose(self.layout, environ, services)
        environment = {
            ENV_FILE: str(self.layout.env),
            "KAFKA_BOOTSTRAP": chosen.kafka,
            **self._urls(services),
            **_databases(services, chosen, environ),
            "ALONGSIDE_KEYS": str(self.layout.keys),
            "ALONGSIDE_LOCAL": "1",
            "ALONGSIDE_RATE_LIMIT": "1000",
            **self.keys.local_tokens(),
        }
        self._keep(environment, _watched(services, chosen, environment), kind)
        self._run(chosen, services, {**environ, **environment, **extra}, seconds)
        return environment

    def _run(self, chosen: parts.Parts, services: tuple[str, ...], environment: dict[str, str], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        programs: list[Program] = [*chosen.programs, *roster.programs(services)]
        if programs:
            self._supervision.launch(programs, environment)
        watched = self.watched()
        readiness.wait(self.layout, [one for one in watched if one.kind != "http"], deadline - time.monotonic())
        if chosen.postgres:
            ours = [name for name in services if environment[_database(name)] == chosen.database(name)]
            postgres.create_databases(chosen.postgres, ours)
        self._supervision.start_services()
        readiness.wait(self.layout, [one for one in watched if one.kind == "http"], deadline - time.monotonic())

    def _urls(self, services: Iterable[str]) -> dict[str, str]:
        ports = Ports(self.layout.state / "ports.json")
        return {
            roster.url_variable(service, role): f"http://127.0.0.1:{ports.of(f'{service}-{role}')}"
            for service, role in roster.processes(services)
        }

    def _keep(self, environment: dict[str, str], watched: Iterable[Watched], kind: str) -> None:
        record = {"environment": environment, "watched": [asdict(one) for one in watched], "parts": kind}
        write_private(self.layout.record, json.dumps(record, indent=1))
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()]
        write_private(self.layout.env, "".join(lines))

    def _record(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads(self.layout.record.read_text()) if self.layout.record.exists() else {}
        return record

    def _renewed(self) -> dict[str, str]:
        environment = self.environment()
        if time.time() - self.layout.env.stat().st_mtime > RENEW_TOKENS_AFTER:
            environment |= self.keys.local_tokens()
            self._keep(environment, self.watched(), self._record().get("parts", ""))
        return environment

    def _end(self) -> None:
        self._supervision.end()
        in_containers = self._record().get("parts") == "containers"
        for file in (self.layout.record, self.layout.env, *self.layout.state.glob("run/*.pid")):
            file.unlink(missing_ok=True)
        self.layout.leave_no_socket_folder()
        if in_containers:
            parts.stop_containers(self.layout)

    @contextmanager
    def _undone_on_failure(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            with _undisturbed(), suppress(CannotStart):  # what made it fail is what must be told
                self._end()
            raise

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One launcher at a time for one state folder."""
        with (self.layout.state / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _database(service: str) -> str:
    return f"{service}_DATABASE_URL".upper()


def _databases(services: Iterable[str], chosen: parts.Parts, environ: Mapping[str, str]) -> dict[str, str]:
    return {_database(name): environ.get(_database(name)) or chosen.database(name) for name in services}


def _watched(services: Iterable[str], chosen: parts.Parts, environment: Mapping[str, str]) -> list[Watched]:
    found = [Watched("kafka", "kafka", chosen.kafka, ours=chosen.runs("kafka"))]
    if chosen.postgres:
        found.append(Watched("postgres", "postgres", chosen.postgres, ours=chosen.runs("postgres")))
    for service, role in roster.processes(services):
        found.append(Watched(f"{service}-{role}", "http", environment[roster.url_variable(service, role)]))
    return found


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C must not cut the cleaning short."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def own_addresses(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment without what a sourced `.local/env` put there: its Kafka and databases are that stack's, not given ones,
    and taking them for such would mix two checkouts, or wait for a Kafka that was stopped."""
    if ENV_FILE not in environ:
        return dict(environ)
    return {name: value for name, value in environ.items() if name != "KAFKA_BOOTSTRAP" and not name.endswith("_DATABASE_URL")}
