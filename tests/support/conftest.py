from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from deploy import Keys
from services.support import api, relay
from services.support.__main__ import SCHEMA
from services.support.api.parts import OpenParts
from services.support.application import Members, Support
from services.support.stream import READER, VIEWS, SupportReader
from shared.auth import Tokens
from shared.events.checkins import Consents, MemberEnrolled, MemberMoved
from shared.http.app import Wall
from shared.http.idempotency import Answers
from shared.http.limits import RateLimit
from shared.http.writes import Writes
from shared.projection.ops import Ops
from shared.projection.positions import Positions
from shared.store.encryption import DataKeys, MemberKeys
from shared.store.event_store import EventStore
from shared.store.key_encryption import KeyFile
from tests.recognition.without_kafka import NOON, Hearing, StandingClock, erased


@dataclass
class Service:
    """Support with a clock that stands still until a test moves it, hearing only what it is told."""

    app: FastAPI
    support: Support
    store: EventStore
    hearing: Hearing
    keys: Keys
    clock: StandingClock

    def member(self, manager: UUID | None = None) -> UUID:
        member = uuid4()
        here = {"team": "care", "timezone": "Europe/Brussels", "languages": ("nl",), "manager": manager}
        self.hearing.from_checkins(MemberEnrolled(occurred_at=NOON, member=member, consents=Consents(), **here))
        return member

    def moves(self, member: UUID, manager: UUID | None) -> None:
        here = {"team": "care", "timezone": "Europe/Brussels", "languages": ("nl",), "manager": manager}
        self.hearing.from_checkins(MemberMoved(occurred_at=NOON, member=member, **here))

    def is_erased(self, *members: UUID) -> None:
        self.hearing.from_checkins(*map(erased, members))

    def person(self, member: UUID, role: str = "member") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys.persons_token(role, str(member))}"}

    def everything(self) -> str:
        """All that the database holds, of every table, as text."""
        with self.store.transaction() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            tables = [row["tablename"] for row in cursor]
            told = ""
            for table in tables:
                cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') AS told FROM {table} t".encode())
                row = cursor.fetchone()
                told += f"{table}: {row['told'] if row else ''}\n"
        return told

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        with self.store.transaction() as cursor:
            cursor.execute(query.encode(), values)
            return cursor.fetchall()


@pytest.fixture(scope="module")
def service(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    clock, keys = StandingClock(), Keys(tmp_path_factory.mktemp("keys"))
    keys.make()
    store = EventStore("support", new_database(), SCHEMA)
    kek = KeyFile(keys.folder / "kek")
    member_keys = MemberKeys(store, kek)
    support = Support(store, member_keys, clock)
    writes = Writes(store, Answers(store, DataKeys(store, kek), clock), support.decide)
    opened = OpenParts(store, support, writes, Positions(store, READER))
    opened.holdings = support.held
    opened.ops = Ops(store, READER, VIEWS, clock)
    parts = api.Parts(lambda: opened, OpenParts.check)
    asyncio.run(parts.run())
    app = api.build(parts, Wall(Tokens(keys.folder / "jwks.json"), RateLimit(10_000)))
    hearing = Hearing(store, SupportReader(Members(store, member_keys, clock)), relay.translate)
    yield Service(app, support, store, hearing, keys, clock)
    opened.close()


@pytest.fixture
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    service.clock.now = NOON
    transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://support") as client:
        yield client


Asks = Callable[..., Any]


@pytest.fixture
def asks(service: Service, http: httpx.AsyncClient) -> Asks:
    async def post(member: UUID, text: str = "it is all a bit much", **more: Any) -> dict[str, Any]:
        body = {"member": str(member), "kind": "feeling", "text": text, **more}
        answer = await http.post("/requests", json=body, headers=service.person(member))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    return post
