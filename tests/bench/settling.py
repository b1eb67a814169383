"""Waits until a stack has done all that was asked of it, so that it takes nothing from who is measured next."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import psycopg

from deploy import roster
from deploy.demo.client import Client, connected
from deploy.layout import CHECKOUT
from tests.bench.loading import Answers

WITHIN_SECONDS = 120
STORED = "SELECT coalesce(max(notification_id), 0) FROM checkins_events"


class Settling:
    """The relay has sent and every reader of `checkins.events` has folded what is stored."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._readers = [service for service in roster.services(CHECKOUT) if "stream" in roster.ROLES[service]]

    def after(self, answers: Answers) -> Answers:
        """Raises TimeoutError where that takes too long."""
        asyncio.run(self._wait())
        return answers

    async def _wait(self) -> None:
        deadline = time.monotonic() + WITHIN_SECONDS
        stored = self._stored()
        async with connected(self._environment) as client:
            while (there := await self._folded(client)) < stored:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{there} of {stored} folded")
                await asyncio.sleep(0.2)

    def _stored(self) -> int:
        with psycopg.connect(self._environment["CHECKINS_DATABASE_URL"]) as connection:
            row = connection.execute(STORED).fetchone()
        return int(row[0]) if row else 0

    async def _folded(self, client: Client) -> int:
        """How far the last of the readers is."""
        answers = [await client.get(service, "/views", "OPS_TOKEN") for service in self._readers]
        ours = [view for answer in answers for view in answer["items"] if view["position"].startswith("checkins:")]
        return min(0 if view["lag"] else int(view["position"].removeprefix("checkins:")) for view in ours)
