"""Starts what drains a topic as a process of its own and reads what it measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from deploy.layout import CHECKOUT

PEERS = CHECKOUT / ".tools" / "peers"
UV = CHECKOUT / ".tools" / "uv" / "bin" / "uv"
LOCK = CHECKOUT / "tests" / "bench" / "peers.lock"
LONGEST_SECONDS = 400


@dataclass(frozen=True)
class Drained:
    """As tests/bench/report.py says it."""

    events: int
    seconds: float
    process_seconds: float
    rss_mb: float

    @property
    def rate(self) -> float:
        """Events for each second between the first and the last."""
        return self.events / self.seconds

    @property
    def cost(self) -> float:
        """Microseconds for each event."""
        return 1e6 * self.seconds / self.events


class Failed(RuntimeError):
    """A process that ended without a figure: what it said last."""


def ours(bootstrap: str, topic: str, database_url: str) -> Drained:
    return drained(sys.executable, "tests.bench.engine_drain", bootstrap, topic, database_url)


def replay(bootstrap: str, topic: str, database_url: str) -> Drained:
    """Of what `ours` has drained into that database."""
    return drained(sys.executable, "tests.bench.replay_process", bootstrap, topic, database_url)


def peer(name: str, bootstrap: str, topic: str, events: int) -> Drained:
    return drained(str(PEERS / "bin" / "python"), f"tests.bench.peers.{name}", bootstrap, topic, str(events))


def drained(python: str, module: str, *arguments: str) -> Drained:
    """Raises Failed, or subprocess.TimeoutExpired after LONGEST_SECONDS."""
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            [python, "-m", module, *arguments],
            cwd=CHECKOUT,
            env=os.environ | {"TMPDIR": scratch},
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        raise Failed(f"{module}: {done.stderr[-2000:]}")
    return Drained(**json.loads(lines[-1]))


def make_peers() -> None:
    """The peers' environment, from hashes, where it isn't as the lock says."""
    installed = PEERS / "installed.lock"
    if installed.exists() and installed.read_bytes() == LOCK.read_bytes():
        return
    _uv("venv", "--quiet", "--clear", "--no-project", "--python", sys.executable, str(PEERS))
    python = str(PEERS / "bin" / "python")
    _uv("pip", "sync", "--quiet", "--compile-bytecode", "--require-hashes", "--python", python, str(LOCK))
    Path(installed).write_bytes(LOCK.read_bytes())


def _uv(*arguments: str) -> None:
    subprocess.run([str(UV), *arguments], check=True, cwd=CHECKOUT)
