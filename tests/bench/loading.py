"""Starts the load generator and what it is aimed at."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.layout import CHECKOUT
from deploy.ports import free_port

START_SECONDS = 20.0
LONGEST_SECONDS = 180


@dataclass(frozen=True)
class Answers:
    """What a load came to. `statuses` counts by HTTP status."""

    requests: int
    seconds: float
    statuses: dict[str, int]
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds

    def only(self, status: int) -> Answers:
        """Raises RuntimeError where another status came back."""
        if set(self.statuses) != {str(status)}:
            raise RuntimeError(f"wanted {status}, got {self.statuses}")
        return self


@dataclass(frozen=True)
class Target:
    """Where a load goes, and the file of its bodies."""

    url: str
    token: str
    bodies: Path

    @property
    def environment(self) -> dict[str, str]:
        """With the token, which stands in no list of processes."""
        return os.environ | {"TOKEN": self.token}

    def command(self, connections: int, requests: int, *rate: float) -> list[str]:
        numbers = [str(number) for number in (connections, requests, *rate)]
        return [sys.executable, "-m", "tests.bench.load", self.url, str(self.bodies), *numbers]

    def load(self, connections: int, requests: int, *rate: float) -> Answers:
        """As fast as so many connections get their answers, or at a rate."""
        command = self.command(connections, requests, *rate)
        done = subprocess.run(
            command, cwd=CHECKOUT, env=self.environment, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
        )
        if done.returncode:
            raise RuntimeError(f"the load generator ended early: {done.stderr[-2000:]}")
        return Answers(**json.loads(done.stdout))


class Background:
    """A steady load, from `begin` to `end`."""

    def __init__(self, target: Target, per_second: float) -> None:
        self._command = target.command(64, 10_000_000, per_second)
        self._environment = target.environment

    async def begin(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._command, cwd=CHECKOUT, env=self._environment, stdout=asyncio.subprocess.PIPE
        )

    async def end(self) -> Answers:
        """Raises RuntimeError where it had ended by itself."""
        if self._process.returncode is not None:
            raise RuntimeError("the background load ended before it was told to")
        self._process.send_signal(signal.SIGTERM)
        told, _ = await self._process.communicate()
        return Answers(**json.loads(told))


def write_bodies(file: Path, bodies: Sequence[object]) -> Path:
    file.write_text("".join(f"{json.dumps(body)}\n" for body in bodies))
    return file


@contextmanager
def started(environment: Mapping[str, str], module: str, *arguments: str) -> Iterator[None]:
    """A process until the block ends. Raises RuntimeError where it had ended by itself."""
    command = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(command, cwd=CHECKOUT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    try:
        yield
        if process.poll() is not None:
            raise RuntimeError(f"{module} ended by itself with {process.returncode}")
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[str]:
    """The base URL of a module that serves on the port it is given last."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", module, *arguments, str(port)], cwd=CHECKOUT)
    try:
        _await(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
