"""Four endpoints of one supporter: one is healthy, one never answers, one refuses, and at one nobody listens."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import web

from deploy.demo.client import Client
from deploy.demo.receiver import verified
from deploy.ports import free_port

HEALTHY, SLOW, REFUSING, DEAD = "healthy", "slow", "refusing", "dead"
Delivery = tuple[str, str, str, int]
"""Alert, endpoint, type, sequence: what one webhook-id stands for."""


@dataclass
class Receivers:
    """What each endpoint was sent, however it answered. `ids` holds the webhook-ids under which each delivery came."""

    ids: dict[Delivery, set[str]] = field(default_factory=dict)
    _secrets: dict[str, str] = field(default_factory=dict)
    _runner: web.AppRunner | None = None
    _supporter: str = ""
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/{kind}", self._receive)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()

    async def stop(self) -> None:
        self._ended.set()
        if self._runner:
            await self._runner.cleanup()

    async def enrol(self, client: Client, member: str) -> None:
        """Makes a supporter of this member, with the healthy endpoint."""
        body = {"member": member, "languages": ["nl"], "skills": []}
        key = {"Idempotency-Key": f"supporter-{member}"}
        self._supporter = str((await client.post("alerts", "/supporters", body, "ADMIN_TOKEN", **key))["id"])
        await self.register(client, HEALTHY)

    async def register(self, client: Client, kind: str) -> None:
        """Adds an endpoint of this kind."""
        body = {"supporter": self._supporter, "url": self._url(kind)}
        key = {"Idempotency-Key": f"endpoint-{self._supporter}-{kind}"}
        answer = await client.post("alerts", "/endpoints", body, "ADMIN_TOKEN", **key)
        self._secrets[kind] = str(answer["secret"])

    async def wait_for(self, alerts: set[str], seconds: float) -> None:
        """Returns once all of these were offered at the healthy endpoint, or after so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.offered(alerts) != alerts:
                    self._came.clear()
                    await self._came.wait()

    def offered(self, alerts: set[str]) -> set[str]:
        """Those of these alerts that were offered at the healthy endpoint."""
        return {alert for alert, kind, type_, _ in self.ids if kind == HEALTHY and type_ == "alert.offered" and alert in alerts}

    def doubled(self) -> list[Delivery]:
        return [delivery for delivery, ids in self.ids.items() if len(ids) > 1]

    def reused(self) -> list[str]:
        """Webhook-ids under which more than one thing came."""
        once, again = set[str](), list[str]()
        for ids in self.ids.values():
            again += [one for one in ids if one in once]
            once |= ids
        return again

    def _url(self, kind: str) -> str:
        assert self._runner is not None, "started"
        port = free_port() if kind == DEAD else self._runner.addresses[0][1]
        return f"http://127.0.0.1:{port}/{kind}"

    async def _receive(self, request: web.Request) -> web.Response:
        kind, body = request.match_info["kind"], await request.read()
        if kind not in self._secrets:
            return web.Response(status=503)  # its registration isn't answered yet
        content = verified(self._secrets[kind], body, request.headers)
        data = content["data"]
        delivery = (data["alert"], kind, content["type"], data["sequence"])
        self.ids.setdefault(delivery, set()).add(request.headers["webhook-id"])
        self._came.set()
        if kind == SLOW:
            await self._ended.wait()
        return web.Response(status=204 if kind == HEALTHY else 500)
