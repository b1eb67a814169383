"""One part alone, for a test that needs no more. Ended with the block; not restarted."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy import leftovers, probes
from deploy.failure import CannotStart
from deploy.kafka import Kafka
from deploy.layout import MARK
from deploy.ports import free_port
from deploy.postgres import Postgres, create_databases
from deploy.program import Program

PATIENCE = 180  # seconds; on two cores that are wanted by thirty, a broker needs more than 60


@contextmanager
def start_kafka(folder: Path, port: int | None = None) -> Iterator[str]:
    """Yields the bootstrap address. What `folder` holds from an earlier time is still there."""
    broker = Kafka(folder.resolve(), port or free_port(), free_port())
    with _running(folder, broker.prepare(), lambda: probes.kafka(broker.bootstrap)):
        yield broker.bootstrap


@contextmanager
def start_postgres(folder: Path, port: int | None = None, databases: Iterable[str] = ()) -> Iterator[str]:
    """Yields the administrator's URI; `deploy.database_url(uri, name)` is the URI of a database there."""
    server = Postgres(folder.resolve(), port or free_port(), password="postgres")  # noqa: S106 - a test's, for its own server
    with _running(folder, server.prepare(), lambda: probes.postgres(server.url)):
        create_databases(server.url, databases)
        yield server.url


@contextmanager
def _running(folder: Path, program: Program, problem: Callable[[], str | None]) -> Iterator[None]:
    mark, log = folder.resolve(), folder.with_name(f"{folder.name}.log")
    leftovers.end(mark)
    with log.open("wb") as output:
        process = subprocess.Popen(program.command, stdout=output, stderr=output, env=os.environ | {MARK: str(mark)})
    try:
        _await(process, log, problem)
        yield
    finally:
        leftovers.end(mark)


def _await(process: subprocess.Popen[bytes], log: Path, problem: Callable[[], str | None]) -> None:
    deadline = time.monotonic() + PATIENCE
    while found := problem():
        if process.poll() is not None or time.monotonic() > deadline:
            raise CannotStart(f"{log.stem} did not start ({found}):\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)
