"""A client of the public API, as another team's program would write it; the simulation and the journey tests use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

EVERYTHING = {"analytics": True, "text": True, "contact": True}
PATIENCE_SECONDS = 60
NOT_FOUND = 404


class Client:
    """Posts with the local tokens, and tries again what says `Retry-After` or doesn't answer."""

    def __init__(self, session: aiohttp.ClientSession, environment: Mapping[str, str], patience: float) -> None:
        self._session = session
        self._patience = patience
        self.environment = environment

    async def post(self, service: str, path: str, body: Any, token: str = "SERVICE_TOKEN", **headers: str) -> dict[str, Any]:
        """The answer of a 2xx. Raises Refused for any other that can't be tried again."""
        return await self._call("POST", service, path, body, token, headers)

    async def delete(self, service: str, path: str, token: str = "ADMIN_TOKEN") -> dict[str, Any]:
        return await self._call("DELETE", service, path, None, token, {})

    async def delete_if_there(self, service: str, path: str) -> None:
        try:
            await self.delete(service, path)
        except Refused as refused:
            if refused.status != NOT_FOUND:
                raise

    async def get(self, service: str, path: str, token: str = "SERVICE_TOKEN") -> dict[str, Any]:
        return await self._call("GET", service, path, None, token, {})

    async def enrol(self, name: str, **more: Any) -> str:
        body = {"name": name, "team": "care", "timezone": "Europe/Brussels", "languages": ["nl"], "consents": EVERYTHING}
        answer = await self.post("checkins", "/members", body | more)
        return str(answer["id"])

    async def enrol_all(self, count: int, **more: Any) -> list[str]:
        return await asyncio.gather(*(self.enrol(f"Member {number}", **more) for number in range(count)))

    async def supporter(self, member: str, url: str, languages: tuple[str, ...] = ("nl",)) -> tuple[str, str]:
        """A supporter with an endpoint; their id and the endpoint's secret."""
        body = {"member": member, "languages": languages, "skills": []}
        supporter = await self.post("alerts", "/supporters", body, "ADMIN_TOKEN")
        endpoint = await self.post("alerts", "/endpoints", {"supporter": supporter["id"], "url": url}, "ADMIN_TOKEN")
        return str(supporter["id"]), str(endpoint["secret"])

    async def _call(
        self, method: str, service: str, path: str, body: Any, token: str, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        url = self.environment[f"{service.upper()}_URL"] + path
        if token:
            headers = {"Authorization": f"Bearer {self.environment.get(token, token)}"} | dict(headers)
        async with asyncio.timeout(self._patience):
            while True:
                try:
                    async with self._session.request(method, url, json=body, headers=headers) as response:
                        if response.ok:
                            answer: dict[str, Any] = await response.json()
                            return answer
                        if "Retry-After" not in response.headers:
                            raise Refused(response.status, await response.text())
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.1)


class Refused(Exception):
    """An answer that isn't 2xx: its status and body."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status} {body}")
        self.status = status


@asynccontextmanager
async def connected(environment: Mapping[str, str], patience: float = PATIENCE_SECONDS) -> AsyncIterator[Client]:
    """A client that tries each call for so many seconds."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session:
        yield Client(session, environment, patience)
