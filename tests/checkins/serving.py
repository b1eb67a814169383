"""The checkins API as a program meets it: a real server on a free loopback port, over a real database."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import uvicorn
from fastapi import FastAPI
from psycopg.rows import dict_row

from deploy import Keys
from services.checkins import api
from services.checkins.__main__ import _open
from services.checkins.settings import Settings
from shared.auth import Tokens
from shared.http.app import Wall
from shared.http.arrival import SERVER
from shared.http.limits import RateLimit
from shared.settings import Common

PROGRAM = ("members:write", "check-ins:write", "flags:write", "events:write")
FAST = 100_000.0
MEMBER = {"name": "Ada", "team": "night", "timezone": "Europe/Berlin", "languages": ["de"], "consents": {}}


@dataclass
class Served:
    """`http` sends a program's token; `as_person` gives the headers of a person's."""

    url: str
    keys: Keys
    database_url: str
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, headers=self.program(), timeout=30)

    def program(self, *scopes: str) -> dict[str, str]:
        return _bearer(self.keys.token("service:test", scopes=scopes or PROGRAM))

    def as_person(self, member: str, role: str = "member") -> dict[str, str]:
        return _bearer(self.keys.persons_token(role, member))

    def admin(self) -> dict[str, str]:
        return _bearer(self.keys.token("admin:test", roles=["admin"]))

    def enrol(self, **changes: Any) -> str:
        answer = self.http.post("/members", json=MEMBER | changes)
        assert answer.status_code == 201, answer.text
        return str(UUID(answer.json()["id"]))

    def check_in(self, member: str, **fields: Any) -> httpx.Response:
        return self.http.post("/check-ins", json={"member": member, "mood": 3} | fields)

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.database_url, row_factory=dict_row, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []


@contextlib.contextmanager
def serve(
    database_url: str, keys: Keys, rate: float = FAST, open_first: bool = True, peers: Mapping[str, str] | None = None
) -> Iterator[Served]:
    settings = Settings(Common("checkins", database_url, "", "", "", {}, keys.folder, True, rate), peers or {})
    parts = api.Parts(lambda: _open(settings), lambda opened: opened.check())
    opened = threading.Event()

    async def opening() -> None:
        await parts.run()
        parts.get().reapplying = None  # there is no broker here that could have heard of erasures
        opened.set()

    app = api.build(parts, Wall(Tokens(keys.folder / "jwks.json"), RateLimit(rate)))
    with _running(app, opening) as url:
        assert not open_first or opened.wait(30)
        served = Served(url, keys, database_url)
        yield served
        served.http.close()
    if opened.is_set():
        parts.get().close()


@contextlib.contextmanager
def _running(app: FastAPI, opening: Any) -> Iterator[str]:
    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> Any:
        task = asyncio.ensure_future(opening())
        yield
        task.cancel()

    app.router.lifespan_context = lifespan
    door = socket.create_server(("127.0.0.1", 0), backlog=512)
    server = uvicorn.Server(uvicorn.Config(app, **SERVER))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        door.close()


def made_keys(folder: Path) -> Keys:
    keys = Keys(folder)
    keys.make()
    return keys


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
