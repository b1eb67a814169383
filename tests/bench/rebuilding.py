"""A replay of the view of members in recognition, asked for and followed over HTTP, as ops does it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from deploy.demo.client import Client

ENDED_WITHIN_SECONDS = 240
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Built:
    """`differing` counts keys that aren't the same as in the live view at that moment."""

    begun: float
    ended: float
    events: int
    differing: int

    @property
    def rate(self) -> float:
        """Events a second from asking to having compared every key."""
        return self.events / (self.ended - self.begun)


@dataclass(frozen=True)
class Switch:
    """`held_ms` is for how long the live reader was held, as the service says it."""

    begun: float
    ended: float
    held_ms: float


class Replay:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._path = ""

    async def build(self, target: str) -> Built:
        begun = time.monotonic()
        asked = await self._client.post("recognition", "/replays", {"view": "members", "target": target}, "OPS_TOKEN")
        self._path = f"/replays/{asked['id']}"
        row = await self._until("following", "done")
        result = row["result"]
        return Built(begun, time.monotonic(), row["events"], result["keys"] - result["same"])

    async def switch(self) -> Switch:
        return await self._exchange("switch", "switched")

    async def roll_back(self) -> Switch:
        return await self._exchange("roll-back", "rolled-back")

    async def _exchange(self, step: str, state: str) -> Switch:
        begun = time.monotonic()
        await self._client.post("recognition", f"{self._path}/{step}", {}, "OPS_TOKEN")
        row = await self._until(state)
        return Switch(begun, time.monotonic(), 1_000 * row["result"]["held_seconds"])

    async def _until(self, *states: str) -> dict[str, Any]:
        """Raises RuntimeError where it fails, or TimeoutError."""
        async with asyncio.timeout(ENDED_WITHIN_SECONDS):
            while (row := await self._client.get("recognition", self._path, "OPS_TOKEN"))["state"] not in states:
                if row["state"] in ("failed", "cancelled"):
                    raise RuntimeError(f"the replay {row['state']}: {row['problem']}")
                await asyncio.sleep(LOOK_SECONDS)
        return row
