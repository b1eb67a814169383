"""Kafka's class path: exactly the jars listed in kafka.lock, fetched by jgo, each checked against its sum at every start."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.failure import CannotStart
from deploy.layout import TOOLS

LOCK = Path(__file__).with_name("kafka.lock")
WANTED = "org.apache.kafka:kafka_2.13:4.1.1+org.apache.logging.log4j:log4j-slf4j-impl:2.24.3!"
"""The broker and a logger for it. `!`: log4j's own bill of materials must not decide about Kafka's dependencies."""


@dataclass(frozen=True)
class Jar:
    name: str  # group:artifact:version
    sha256: str

    @property
    def path(self) -> Path:
        group, artifact, version = self.name.split(":")
        return TOOLS.joinpath("jars", *group.split("."), artifact, version, f"{artifact}-{version}.jar")


def locked() -> list[Jar]:
    lines = [line.split() for line in LOCK.read_text().splitlines() if line and not line.startswith("#")]
    return [Jar(name, sha256) for name, sha256 in lines]


def class_path() -> str:
    """Absolute paths joined by ':'. Downloads what is missing (44 MB, once for a checkout)."""
    with _alone(), ThreadPoolExecutor(8) as pool:
        return ":".join(map(str, pool.map(_verified, locked())))


def write_lock() -> None:
    """Resolves anew, as `make lock` does."""
    from deploy import maven  # noqa: PLC0415 - see _fetched

    jars = [Jar(name, "") for name in sorted(maven.resolve(WANTED))]
    with ThreadPoolExecutor(8) as pool:
        lines = [f"{jar.name} {_sum(path)}" for jar, path in zip(jars, pool.map(_fetched, jars), strict=True)]
    LOCK.write_text("# Made by `make lock`: each jar of the broker, with its SHA-256.\n" + "\n".join(lines) + "\n")


def _verified(jar: Jar) -> Path:
    """A download cut short is fetched once more; a jar that is still another is refused."""
    for _ in range(2):
        path = _fetched(jar)
        if _sum(path) == jar.sha256:
            return path
        path.unlink()
    raise CannotStart(f"{jar.name} is not the jar that {LOCK.name} names (SHA-256 differs). Nothing was started.")


def _fetched(jar: Jar) -> Path:
    if not jar.path.exists():
        from deploy import maven  # noqa: PLC0415 - jgo costs 0.3 s, and a warm start has all the jars

        maven.download(jar.name, TOOLS / "jars")
    return jar.path


def _sum(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """jgo writes jars in place, so one process of this checkout at a time."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "jars.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
