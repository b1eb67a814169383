"""A small organisation for the tests that need a database: real PostgreSQL, real sockets, and a clock that is set by hand."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from aiohttp import web
from standardwebhooks import Webhook

from services.alerts import relay
from services.alerts.application.alerts import Alerts
from services.alerts.application.intake import Intake
from services.alerts.application.outcomes import Outcomes
from services.alerts.application.staff import EnrolSupporter, RegisterEndpoint, Staff
from services.alerts.application.wishing import Wishing
from services.alerts.domain.claims import ClaimLinks
from services.alerts.stream import READER, MemberReader
from services.alerts.views.schema import SCHEMA
from services.alerts.webhooks.dialling import outgoing
from services.alerts.webhooks.dispatcher import Dispatcher, Does
from services.alerts.webhooks.leases import Leases
from services.alerts.webhooks.sending import Sender
from shared.auth import Caller
from shared.events.checkins import (
    CheckInRecorded,
    ConsentChanged,
    Consents,
    DistressFlagged,
    MemberEnrolled,
    MemberEvent,
    MemberMoved,
    Sign,
)
from shared.store.event_store import EventStore
from shared.store.group_commit import record_decisions
from shared.store.sealing import place, seal
from shared.tables import WITH_VIEWS
from tests.recognition.without_kafka import Hearing

TABLES = (*SCHEMA, *WITH_VIEWS)
ADMIN = Caller("admin", frozenset({"admin"}))
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class HandClock:
    """Stands still until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Receiver:
    """A supporter's endpoint on a loopback socket; `answers` are given in turn, the last one for ever. 0 hangs."""

    answers: list[int] = field(default_factory=lambda: [200])
    headers: dict[str, str] = field(default_factory=dict)
    got: list[dict[str, Any]] = field(default_factory=list)
    raw: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.raw.append((headers, body))
        self.got.append({"id": headers["webhook-id"], **(await request.json())})
        self._arrived.set()
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if status == 0:
            await self.released.wait()
        return web.Response(status=status or 500, headers=self.headers)

    async def until(self, count: int) -> None:
        """Returns when so many webhooks have arrived; raises TimeoutError after 5 s."""
        async with asyncio.timeout(5):
            while len(self.got) < count:
                self._arrived.clear()
                await self._arrived.wait()

    def types(self) -> list[str]:
        return [body["type"] for body in self.got]

    def ids(self) -> set[str]:
        return {body["id"] for body in self.got}


@asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[Receiver]:
    app = web.Application()
    app.router.add_post("/hook", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/hook"
    try:
        yield receiver
    finally:
        receiver.released.set()
        await runner.cleanup()


class World:
    """The alerts service without its processes. `reader` is its stream's name, which is its group's on a broker."""

    def __init__(self, database_url: str, store: EventStore, reader: str = READER, key: bytes | None = None) -> None:
        self.database_url = database_url
        self.store = store
        self.clock = HandClock()
        self.key = key or secrets.token_bytes(32)
        self.links = ClaimLinks("http://alerts.example", b"claim key")
        outcomes = Outcomes(self.links)
        self.alerts = Alerts(self.store, outcomes, self.clock)
        self.staff = Staff(self.store, self.key, self.clock, local=True)
        self.wishing = Wishing(self.store, self.clock)
        self.intake = Intake(self.store, outcomes, self.clock)
        self.reader = MemberReader(self.intake)
        self.reader.name = reader
        self._hearing = Hearing(store, self.reader, relay.translate)
        self.leases = Leases(database_url)

    def tell(self, *events: MemberEvent) -> None:
        """What the stream's engine does with a batch."""
        self._hearing.from_checkins(*events)

    def member(self, manager: UUID | None = None, languages: tuple[str, ...] = ("en",)) -> UUID:
        member = uuid4()
        self.tell(
            MemberEnrolled(
                occurred_at=self.clock(),
                member=member,
                team="team",
                manager=manager,
                timezone="Europe/Berlin",
                languages=languages,
                consents=Consents(analytics=True, contact=True),
            )
        )
        return member

    def moves(self, member: UUID, manager: UUID | None) -> None:
        zone = "Europe/Berlin"
        event = MemberMoved(
            occurred_at=self.clock(), member=member, team="team", manager=manager, timezone=zone, languages=("en",)
        )
        self.tell(event)

    def agrees(self, member: UUID, analytics: bool = False, contact: bool = False) -> None:
        """To these from now on, and to nothing else."""
        consents = Consents(analytics=analytics, contact=contact)
        self.tell(ConsentChanged(occurred_at=self.clock(), member=member, consents=consents))

    def asks_for_somebody(self, member: UUID) -> UUID:
        """An orange alert's trigger."""
        check_in = uuid4()
        at = self.clock()
        event = CheckInRecorded(occurred_at=at, member=member, check_in=check_in, recorded_at=at, mood=3, wants_contact=True)
        self.tell(event)
        return self.alert_about(member)

    def is_in_danger(self, member: UUID, reporter: UUID | None = None) -> UUID:
        """A red alert's trigger."""
        self.tell(
            DistressFlagged(
                occurred_at=self.clock(),
                member=member,
                flag=uuid4(),
                signs=(Sign.HOPELESSNESS,),
                reporter=reporter,
                urgent=True,
            )
        )
        return self.alert_about(member)

    def alert_about(self, member: UUID) -> UUID:
        rows = self.rows("SELECT id FROM alerts WHERE member = %s ORDER BY raised_at DESC, id LIMIT 1", member)
        found: UUID = rows[0]["id"]
        return found

    def supporter(self, *endpoints: Receiver, skills: tuple[str, ...] = (), member: UUID | None = None) -> UUID:
        """Enrolled, with these endpoints."""
        supporter = self.do(self.staff.enrol(EnrolSupporter(member or self.member(), ("en",), skills, None)))["id"]
        for endpoint in endpoints:
            self.endpoint(supporter, endpoint)
        found: UUID = supporter
        return found

    def endpoint(self, supporter: UUID, receiver: Receiver) -> dict[str, Any]:
        shown: dict[str, Any] = self.do(self.staff.register(RegisterEndpoint(supporter, receiver.url, ADMIN)))
        return shown

    def moves_endpoints_to(self, url: str) -> None:
        """As if this had been permitted."""
        for row in self.rows("SELECT id FROM endpoints"):
            sealed = seal(self.key, url.encode(), place("alerts", row["id"], 1, "url"))
            self.rows("UPDATE endpoints SET url = %s WHERE id = %s RETURNING id", sealed, row["id"])

    def do(self, decision: Any) -> Any:
        """What group commit does with one command."""
        record_decisions(self.store, [decision])
        return decision.result

    def member_of(self, supporter: UUID) -> UUID:
        found: UUID = self.rows("SELECT member FROM supporters WHERE id = %s", supporter)[0]["member"]
        return found

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        with self.store.transaction() as cursor:
            cursor.execute(statement.encode(), values)
            return cursor.fetchall()

    def state(self, alert: UUID) -> str:
        return str(self.alerts.load(alert).state)

    @asynccontextmanager
    async def dispatching(self) -> AsyncIterator[None]:
        """A dispatcher that runs as it does in its process."""
        async with self.dispatcher() as dispatcher:
            running = asyncio.create_task(dispatcher.run(self.database_url))
            try:
                yield
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    @asynccontextmanager
    async def dispatcher(self, timeout_seconds: float = 4) -> AsyncIterator[Dispatcher]:
        async with outgoing(local=True, connections=64) as session:
            sender = Sender(session, self.key, self.links, self.clock, timeout_seconds)
            yield Dispatcher(self.leases, sender, Does(self.alerts.fire, self.staff.switch_off), self.clock)


def verified(secret: str, headers: dict[str, str], body: bytes) -> Any:
    """Raises where the `standardwebhooks` library doesn't accept the signature."""
    return Webhook(secret).verify(body, headers)


def raw_key(public_key: str) -> bytes:
    return base64.b64decode(public_key.removeprefix("whpk_"))
