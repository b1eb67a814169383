"""Every service's real app, in this process, over real databases and one clock; what checkins stores, the others hear."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
from fastapi import FastAPI

from deploy import Keys
from deploy.layout import CHECKOUT
from deploy.roster import services
from services.alerts import api as alerts_api
from services.alerts.api.parts import OpenParts as AlertsParts
from services.alerts.application.commands import Commands
from services.alerts.application.holdings import Holdings
from services.alerts.application.owing import Owing
from services.alerts.application.reading import Reading
from services.alerts.stream import READER as ALERTS_READER
from services.alerts.stream import VIEWS as ALERTS_VIEWS
from services.checkins import api as checkins_api
from services.checkins import relay as checkins_relay
from services.checkins.__main__ import SCHEMA as CHECKINS_SCHEMA
from services.checkins.api.parts import OpenParts as CheckinsParts
from services.checkins.application import Checkins
from services.evaluation import api as evaluation_api
from services.evaluation import relay as evaluation_relay
from services.evaluation.__main__ import SCHEMA as EVALUATION_SCHEMA
from services.evaluation.__main__ import all_instruments
from services.evaluation.api.parts import OpenParts as EvaluationParts
from services.evaluation.application import Evaluation, Readings, Seals
from services.evaluation.stream import READER as EVALUATION_READER
from services.evaluation.stream import EvaluationReader, views_of
from services.recognition import api as recognition_api
from services.recognition import relay as recognition_relay
from services.recognition.__main__ import SCHEMA as RECOGNITION_SCHEMA
from services.recognition.api.parts import OpenParts as RecognitionParts
from services.recognition.application import Recognition
from services.recognition.stream import READER as RECOGNITION_READER
from services.recognition.stream import VIEWS as RECOGNITION_VIEWS
from services.recognition.stream import RecognitionReader
from services.support import api as support_api
from services.support import relay as support_relay
from services.support.__main__ import SCHEMA as SUPPORT_SCHEMA
from services.support.api.parts import OpenParts as SupportParts
from services.support.application import Members, Support
from services.support.stream import READER as SUPPORT_READER
from services.support.stream import VIEWS as SUPPORT_VIEWS
from services.support.stream import SupportReader
from shared.auth import Tokens
from shared.events import PublicEvent
from shared.http.app import Wall
from shared.http.idempotency import Answers
from shared.http.limits import RateLimit
from shared.http.opening import Opening
from shared.http.parts import StoreParts
from shared.http.peers import Peers
from shared.http.writes import Writes
from shared.projection.ops import Ops
from shared.projection.positions import Positions
from shared.store.encryption import DataKeys, MemberKeys
from shared.store.event_store import EventStore
from shared.store.key_encryption import KeyFile
from tests.access.issuing import Issuer
from tests.alerts.world import TABLES, HandClock, World
from tests.recognition.without_kafka import Hearing

SERVICES = services(CHECKOUT)
ENDLESS = 1e9


@dataclass
class House:
    world: World
    issuer: Issuer
    apps: dict[str, FastAPI]
    parts: dict[str, StoreParts[Any]]
    hearings: dict[str, Hearing]
    http: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    _heard: int = 0

    @property
    def clock(self) -> HandClock:
        return self.world.clock

    def hear(self) -> None:
        """What checkins has stored since it was last asked goes to the others; what these have stored, to themselves."""
        stored = self.parts["checkins"].store.notifications(self._heard, 10_000)
        told = [event for _, one in stored if (event := checkins_relay.translate(one))]
        if told:
            self.tell(*told)
        self._heard = stored[-1][0] if stored else self._heard
        for hearing in self.hearings.values():
            hearing.own()

    def tell(self, *events: PublicEvent) -> None:
        self.world.tell(*events)  # type: ignore[arg-type]
        for hearing in self.hearings.values():
            hearing.from_checkins(*events)

    async def ask(
        self, service: str, method: str, path: str, bearer: str | None = None, body: Any = None, **headers: str
    ) -> httpx.Response:
        """One request by whoever holds this bearer."""
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        return await self.client(service).request(method, path, json=body, headers=headers)

    def client(self, service: str) -> httpx.AsyncClient:
        if service not in self.http:
            transport = httpx.ASGITransport(self.apps[service], raise_app_exceptions=False)
            self.http[service] = httpx.AsyncClient(transport=transport, base_url=f"http://{service}.example")
        return self.http[service]


@contextlib.contextmanager
def opened_house(new_database: Callable[[], str], folder: Path) -> Iterator[House]:
    keys = Keys(folder)
    keys.make()
    kek = KeyFile(folder / "kek")
    urls = {service: _fast(new_database()) for service in SERVICES}
    world = World(urls["alerts"], EventStore("alerts", urls["alerts"], TABLES))
    issuer = Issuer(folder / "jwks.json", world.clock)
    parts: dict[str, StoreParts[Any]] = {"alerts": _alerts(world, kek)}
    hearings: dict[str, Hearing] = {}
    making: dict[str, Any] = {
        "checkins": _checkins,
        "recognition": _recognition,
        "evaluation": _evaluation,
        "support": _support,
    }
    for service, made in making.items():
        parts[service] = made(urls[service], kek, world.clock, hearings)
    apps = {service: _app(service, parts[service], issuer) for service in SERVICES}
    try:
        yield House(world, issuer, apps, parts, hearings)
    finally:
        for one in parts.values():
            one.close()


def _fast(url: str) -> str:
    """Nothing here has to survive a power cut."""
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off'.encode())
    return url


APIS: dict[str, Any] = {
    "checkins": checkins_api,
    "alerts": alerts_api,
    "recognition": recognition_api,
    "evaluation": evaluation_api,
    "support": support_api,
}


def _app(service: str, parts: StoreParts[Any], issuer: Issuer) -> FastAPI:
    opening: Opening[Any] = Opening(lambda: parts, lambda opened: opened.check())
    asyncio.run(opening.run())
    wall = Wall(Tokens(issuer.file, issuer.name, issuer.clock), RateLimit(ENDLESS), issuer.clock)
    app: FastAPI = APIS[service].build(opening, wall)
    return app


def _alerts(world: World, kek: KeyFile) -> AlertsParts:
    owing = Owing(world.store, world.clock)
    answers = _answers(world.store, kek, world.clock)
    writes = Writes(world.store, answers, Commands(world.alerts, world.staff, owing, world.wishing).decide)
    reached = Positions(world.store, ALERTS_READER).reached
    reading = Reading(world.store, world.clock)
    parts = AlertsParts(world.store, writes, reading, owing, world.links, reached)
    parts.holdings = Holdings(world.store, reading, world.key)
    parts.ops = Ops(world.store, ALERTS_READER, ALERTS_VIEWS, world.clock)
    return parts


def _checkins(url: str, kek: KeyFile, clock: HandClock, _: dict[str, Hearing]) -> CheckinsParts:
    store = EventStore("checkins", url, CHECKINS_SCHEMA)
    service = Checkins(store, MemberKeys(store, kek), clock)
    parts = CheckinsParts(store, service, Writes(store, _answers(store, kek, clock), service.decide), Peers({}), clock)
    parts.holdings = service.held
    return parts


def _recognition(url: str, kek: KeyFile, clock: HandClock, hearings: dict[str, Hearing]) -> RecognitionParts:
    store = EventStore("recognition", url, RECOGNITION_SCHEMA)
    member_keys = MemberKeys(store, kek)
    hearings["recognition"] = Hearing(store, RecognitionReader(member_keys), recognition_relay.translate)
    service = Recognition(store, member_keys, clock)
    writes = Writes(store, _answers(store, kek, clock), service.decide)
    parts = RecognitionParts(store, service, writes, Positions(store, RECOGNITION_READER), clock)
    parts.holdings = service.held
    parts.ops = Ops(store, RECOGNITION_READER, RECOGNITION_VIEWS, clock)
    return parts


def _evaluation(url: str, kek: KeyFile, clock: HandClock, hearings: dict[str, Hearing]) -> EvaluationParts:
    store, instruments = EventStore("evaluation", url, EVALUATION_SCHEMA), all_instruments()
    keys = DataKeys(store, kek)
    seals = Seals(keys)
    hearings["evaluation"] = Hearing(store, EvaluationReader(instruments), evaluation_relay.translate)
    service = Evaluation(store, seals, instruments, None, clock)
    writes = Writes(store, _answers(store, kek, clock), service.decide)
    reached = Positions(store, EVALUATION_READER)
    readings = Readings(store, instruments, seals)
    parts = EvaluationParts(store, readings, writes, reached, keys.of("drawn tokens"))
    parts.holdings = readings.held
    parts.ops = Ops(store, EVALUATION_READER, views_of(instruments), clock)
    return parts


def _support(url: str, kek: KeyFile, clock: HandClock, hearings: dict[str, Hearing]) -> SupportParts:
    store = EventStore("support", url, SUPPORT_SCHEMA)
    member_keys = MemberKeys(store, kek)
    hearings["support"] = Hearing(store, SupportReader(Members(store, member_keys, clock)), support_relay.translate)
    service = Support(store, member_keys, clock)
    writes = Writes(store, _answers(store, kek, clock), service.decide)
    parts = SupportParts(store, service, writes, Positions(store, SUPPORT_READER))
    parts.holdings = service.held
    parts.ops = Ops(store, SUPPORT_READER, SUPPORT_VIEWS, clock)
    return parts


def _answers(store: EventStore, kek: KeyFile, clock: HandClock) -> Answers:
    return Answers(store, DataKeys(store, kek), clock)


def uuid_in(answer: httpx.Response) -> UUID:
    assert answer.status_code in (200, 201), answer.text
    return UUID(answer.json()["id"])
