"""A supporter's program: receives webhooks, verifies their signatures with the `standardwebhooks` library, accepts."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from deploy.demo.client import Client, Refused


@dataclass(frozen=True)
class Arrival:
    """A webhook as it came in. `at` is in seconds of the clock `time.perf_counter`."""

    webhook_id: str
    supporter: int
    type: str
    alert: str
    at: float


@dataclass
class Receiver:
    """Serves one address for each supporter on a loopback port. What isn't signed by that supporter's secret is refused."""

    port: int = 0
    arrivals: list[Arrival] = field(default_factory=list)
    refused: int = 0
    secrets: dict[int, str] = field(default_factory=dict)
    alerts: asyncio.Queue[Arrival] = field(default_factory=asyncio.Queue)
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/supporters/{number}", self._receive)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    def url(self, number: int) -> str:
        return f"http://127.0.0.1:{self.port}/supporters/{number}"

    def times_each(self) -> Counter[str]:
        """How often each webhook-id arrived."""
        return Counter(arrival.webhook_id for arrival in self.arrivals)

    def offers(self) -> list[Arrival]:
        return [arrival for arrival in self.arrivals if arrival.type == "alert.offered"]

    async def _receive(self, request: web.Request) -> web.Response:
        at, number = time.perf_counter(), int(request.match_info["number"])
        body = await request.read()
        if number not in self.secrets:
            return web.Response(status=503)
        try:
            data = verified(self.secrets[number], body, request.headers)
        except WebhookVerificationError:
            self.refused += 1
            return web.Response(status=401)
        arrival = Arrival(request.headers["webhook-id"], number, data["type"], data["data"]["alert"], at)
        self.arrivals.append(arrival)
        self.alerts.put_nowait(arrival)
        return web.Response(status=204)


def verified(secret: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """The webhook's content. Raises WebhookVerificationError for any but a good signature that is fresh."""
    named = {name: headers.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    content: dict[str, Any] = Webhook(secret).verify(body, named)
    return content


@dataclass(frozen=True)
class Answered:
    """An alert that a supporter accepted, and whom it is about: read after accepting, by an audited call."""

    alert: str
    member: str
    tier: str
    reasons: list[str]
    at: float


async def accept(client: Client, arrival: Arrival, token: str) -> Answered | None:
    """Accepts an offered alert and reads it; None where it was another's by then."""
    try:
        await client.post("alerts", f"/alerts/{arrival.alert}/accept", {}, token)
    except Refused:
        return None
    alert = await client.get("alerts", f"/alerts/{arrival.alert}", token)
    reasons = [signal["reason"] for signal in alert["signals"]]
    return Answered(arrival.alert, alert["member"], alert["tier"], reasons, arrival.at)
