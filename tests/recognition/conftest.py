from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from deploy import Keys
from services.recognition import api, relay
from services.recognition.__main__ import SCHEMA
from services.recognition.api.parts import OpenParts
from services.recognition.application import Recognition
from services.recognition.stream import READER, VIEWS, RecognitionReader
from shared.auth import Tokens
from shared.http.app import Wall
from shared.http.idempotency import Answers
from shared.http.limits import RateLimit
from shared.http.writes import Writes
from shared.projection.ops import Ops
from shared.projection.positions import Positions
from shared.store.encryption import DataKeys, MemberKeys
from shared.store.event_store import EventStore
from shared.store.key_encryption import KeyFile
from tests.recognition.without_kafka import NOON, Hearing, StandingClock, enrolled


@dataclass
class Service:
    """Recognition with a clock that stands still until a test moves it, hearing only what it is told."""

    app: FastAPI
    recognition: Recognition
    store: EventStore
    hearing: Hearing
    keys: Keys
    clock: StandingClock

    def member(self, team: str = "care") -> UUID:
        member = uuid4()
        self.hearing.from_checkins(enrolled(member, team))
        return member

    def program(self) -> dict[str, str]:
        return self._bearer(self.keys.token("service:test", scopes=["kudos:write", "events:write"]))

    def person(self, member: UUID, role: str = "member") -> dict[str, str]:
        return self._bearer(self.keys.persons_token(role, str(member)))

    def _bearer(self, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def service(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    clock = StandingClock()
    keys = Keys(_folder(tmp_path_factory))
    store = EventStore("recognition", new_database(), SCHEMA)
    kek = KeyFile(keys.folder / "kek")
    member_keys = MemberKeys(store, kek)
    recognition = Recognition(store, member_keys, clock)
    writes = Writes(store, Answers(store, DataKeys(store, kek), clock), recognition.decide)
    opened = OpenParts(store, recognition, writes, Positions(store, READER), clock)
    opened.holdings = recognition.held
    opened.ops = Ops(store, READER, VIEWS, clock)
    parts = api.Parts(lambda: opened, OpenParts.check)
    asyncio.run(parts.run())
    app = api.build(parts, Wall(Tokens(keys.folder / "jwks.json"), RateLimit(10_000)))
    yield Service(app, recognition, store, Hearing(store, RecognitionReader(member_keys), relay.translate), keys, clock)
    opened.close()


def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keys = Keys(tmp_path_factory.mktemp("keys"))
    keys.make()
    return keys.folder


@pytest.fixture
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    service.clock.now = NOON
    transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://recognition", headers=service.program()) as client:
        yield client


Give = Callable[..., Any]


@pytest.fixture
def give(http: httpx.AsyncClient) -> Give:
    async def post(giver: UUID, *receivers: UUID, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        body = {"giver": str(giver), "receivers": [str(one) for one in receivers], "category": "taught", **more}
        return await http.post("/kudos", json=body, headers=headers)

    return post
