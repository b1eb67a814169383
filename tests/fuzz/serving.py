"""One service's API as a process of its own, as `make up` starts it, with what it would have heard from Kafka."""

from __future__ import annotations

import asyncio
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from deploy import Keys
from deploy.contracts.apps import app_of
from deploy.keys import ROLES, SERVICE_SCOPES
from deploy.layout import CHECKOUT
from deploy.ports import free_port
from shared.kafka.missed_erasures import TOPIC
from shared.kafka.topics import ensure_topics
from tests.fuzz.seeding import heard, posted

READY_WITHIN = 120
SECONDS = 30


@dataclass(frozen=True)
class Service:
    """`callers` are values of Authorization by who they are; `ids` some that there are."""

    name: str
    port: int
    document: dict[str, Any]
    callers: dict[str, str | None]
    ids: list[str]
    log: Path
    process: subprocess.Popen[bytes]


@contextmanager
def served(name: str, keys: Keys, url: str, kafka: str) -> Iterator[Service]:
    asyncio.run(ensure_topics(kafka, [TOPIC]))
    port, log = free_port(), keys.folder / f"{name}.log"
    ids = heard(name, url, keys)
    environment = {
        f"{name.upper()}_DATABASE_URL": url,
        f"{name.upper()}_URL": f"http://127.0.0.1:{port}",
        "CHECKINS_URL": f"http://127.0.0.1:{port}",
        "KAFKA_BOOTSTRAP": kafka,
        "ALONGSIDE_KEYS": str(keys.folder),
        "ALONGSIDE_LOCAL": "1",
        "ALONGSIDE_RATE_LIMIT": "100000",
    }
    with log.open("wb") as output:
        command = [sys.executable, "-m", f"services.{name}", "api"]
        process = subprocess.Popen(command, cwd=CHECKOUT, env=os.environ | environment, stdout=output, stderr=output)
    try:
        _await(process, log, lambda: _status(port, "/readyz") == 200)
        ids = [*ids, *posted(name, port, keys)] or [str(uuid4()), str(uuid4())]
        reading = f"/members/{ids[0]}/held", {"Authorization": f"Bearer {keys.persons_token('member', ids[0])}"}
        _await(process, log, lambda: _status(port, *reading) != 503)  # what a backup might have missed was looked for
        yield Service(name, port, app_of(name).openapi(), callers(keys, ids), ids, log, process)
    finally:
        process.terminate()
        process.wait(SECONDS)


def callers(keys: Keys, members: list[str]) -> dict[str, str | None]:
    """Every role, as a member there is and as one there isn't; programs with each scope; and who has no good token."""
    people = {f"{role} {member[:8]}": keys.persons_token(role, member) for role in ROLES for member in members[:2]}
    programs = {scope: keys.token("service:fuzz", scopes=[scope]) for scope in SERVICE_SCOPES}
    all_scopes = {
        "program": keys.token("service:fuzz", scopes=SERVICE_SCOPES),
        "admin": keys.token("admin:fuzz", roles=["admin"]),
    }
    good = {who: f"Bearer {token}" for who, token in (people | programs | all_scopes).items()}
    program = good["program"]
    odd = {
        "cut": program[:-5],
        "empty": "Bearer ",
        "basic": "Basic YTpi",
        "doubled": f"{program} {program}",
        "dots": "Bearer a.b.c",
    }
    return {**good, **odd, "nobody": None}


def _await(process: subprocess.Popen[bytes], log: Path, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not is_so():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the API did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def _status(port: int, path: str, headers: Mapping[str, str] | None = None) -> int:
    """503 where nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", path, headers=dict(headers or {}))
        return connection.getresponse().status
    return 503
