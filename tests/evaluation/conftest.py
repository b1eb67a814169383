from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from deploy import Keys
from services.evaluation import api, relay
from services.evaluation.__main__ import SCHEMA, all_instruments
from services.evaluation.api.parts import OpenParts
from services.evaluation.application import Evaluation, Mixer, Readings, Seals
from services.evaluation.stream import READER, EvaluationReader
from shared.auth import Tokens
from shared.http.app import Wall
from shared.http.idempotency import Answers
from shared.http.limits import RateLimit
from shared.http.writes import Writes
from shared.projection.positions import Positions
from shared.store.encryption import DataKeys
from shared.store.event_store import EventStore
from shared.store.key_encryption import KeyFile
from tests.recognition.without_kafka import NOON, Hearing, StandingClock, enrolled

RESOURCES = "http://checkins/crisis"


@dataclass
class Service:
    """Evaluation with a clock that stands still until a test moves it, hearing and mixing only when it is told."""

    app: FastAPI
    store: EventStore
    hearing: Hearing
    mixer: Mixer
    keys: Keys
    clock: StandingClock

    def member(self, team: str = "care") -> UUID:
        member = uuid4()
        self.hearing.from_checkins(enrolled(member, team))
        return member

    def program(self) -> dict[str, str]:
        return self._bearer(self.keys.token("service:test", scopes=["surveys:write", "events:write"]))

    def person(self, member: UUID, role: str = "member") -> dict[str, str]:
        return self._bearer(self.keys.persons_token(role, str(member)))

    def settle(self) -> None:
        """Everything that waits becomes events, and the stream takes them."""
        self.mixer.mix()
        self.mixer.mix()  # the first moves the answers, the second brings nothing new and fills the cells
        self.hearing.own()

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        with self.store.transaction() as cursor:
            cursor.execute(query.encode(), values)
            return cursor.fetchall()

    def _bearer(self, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def service(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    clock, keys = StandingClock(), Keys(tmp_path_factory.mktemp("keys"))
    keys.make()
    store = EventStore("evaluation", new_database(), SCHEMA)
    data_keys = DataKeys(store, KeyFile(keys.folder / "kek"))
    seals = Seals(data_keys)
    evaluation = Evaluation(store, seals, all_instruments(), RESOURCES, clock)
    writes = Writes(store, Answers(store, data_keys, clock), evaluation.decide)
    readings = Readings(store, all_instruments(), seals)
    opened = OpenParts(store, readings, writes, Positions(store, READER), data_keys.of("drawn tokens"))
    opened.holdings = readings.held
    parts = api.Parts(lambda: opened, OpenParts.check)
    asyncio.run(parts.run())
    app = api.build(parts, Wall(Tokens(keys.folder / "jwks.json"), RateLimit(10_000)))
    hearing = Hearing(store, EvaluationReader(all_instruments()), relay.translate)
    yield Service(app, store, hearing, Mixer(store, seals, all_instruments(), clock), keys, clock)
    opened.close()


@pytest.fixture
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    service.clock.now = NOON
    transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://evaluation") as client:
        yield client


@dataclass
class Asking:
    """One survey as a test uses it."""

    service: Service
    http: httpx.AsyncClient
    id: str = ""
    teams: list[str] = field(default_factory=list)

    async def draw(self, member: UUID, **headers: str) -> httpx.Response:
        return await self.http.post(f"/surveys/{self.id}/tokens", headers=self.service.person(member) | headers)

    async def answer(self, token: str, *scores: int, **more: Any) -> httpx.Response:
        answers = {f"item_{number}": score for number, score in enumerate(scores, 1)}
        return await self.http.post(f"/surveys/{self.id}/answers", json={"token": token, "answers": answers, **more})

    async def answered(self, team: str, *totals: int, comments: str | None = None) -> None:
        """New members of a team draw and answer, one for each total; the team gets five members at least."""
        members = [self.service.member(team) for _ in range(max(5, len(totals)))]
        for member, total in zip(members, totals, strict=False):
            token = (await self.draw(member)).json()["token"]
            scores = [min(3, max(0, total - 3 * place)) for place in range(4)]
            answer = await self.answer(token, *scores, **({"comments": comments} if comments else {}))
            assert answer.status_code == 201, answer.text

    async def results(self, headers: dict[str, str] | None = None, **query: str) -> list[dict[str, Any]]:
        reader = headers or self.service.person(uuid4(), "evaluator")
        answer = await self.http.get(f"/surveys/{self.id}/results", params=query, headers=reader)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


Ask = Callable[..., Any]


@pytest.fixture
def ask(service: Service, http: httpx.AsyncClient) -> Ask:
    """Opens a survey for some teams, from an hour ago for a week."""

    async def post(*teams: str, **more: Any) -> Asking:
        body = {
            "instrument": "phq-4",
            "audience": {"teams": teams},
            "opens": (NOON - timedelta(hours=1)).isoformat(),
            "closes": (NOON + timedelta(days=7)).isoformat(),
            **more,
        }
        answer = await http.post("/surveys", json=body, headers=service.program())
        assert answer.status_code == 201, answer.text
        return Asking(service, http, answer.json()["id"], list(teams))

    return post
