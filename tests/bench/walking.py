"""Members who walk from team to team, and somebody who looks for them on boards: nobody may be seen where they were before."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from deploy.demo.client import Client

STEP_SECONDS = 0.1
LOOK_SECONDS = 0.02
LONGEST_READ = aiohttp.ClientTimeout(total=10)


@dataclass
class Walk:
    """`asked_at` has the time of each step, the first of which is the enrolment; `seen` is the latest step that was seen."""

    member: str
    name: str
    asked_at: list[float] = field(default_factory=lambda: [time.monotonic()])
    seen: int = 0

    def team(self, step: int) -> str:
        return f"{self.name}-{step}"


@dataclass(frozen=True)
class Timed:
    """How long something took, and when it was over."""

    at: float
    milliseconds: float


@dataclass
class Reads:
    """`shown` is the time from asking for a step to seeing it, or a later one."""

    failed: int = 0
    gone_back: int = 0
    answered: list[Timed] = field(default_factory=list)
    shown: list[Timed] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.answered) + self.failed


async def walkers(client: Client, count: int) -> list[Walk]:
    """Each with a kudos, so that they are on the board of the team that they are in."""
    walks = []
    for number in range(count):
        name = f"w{number}"
        walks.append(Walk(await client.enrol(name, team=f"{name}-0"), name))
    for walk, other in zip(walks, [*walks[1:], walks[0]], strict=True):
        await client.post("recognition", f"/members/{walk.member}/board", {"opted_in": True})
        kudos = {"giver": walk.member, "receivers": [other.member], "category": "coped"}
        await client.post("recognition", "/kudos", kudos)
    return walks


class Watch:
    """`on` them from outside, over the public API."""

    def __init__(self, session: aiohttp.ClientSession, environment: Mapping[str, str], walks: Sequence[Walk]) -> None:
        self._session = session
        self._environment = environment
        self._headers = {"Authorization": f"Bearer {environment['SERVICE_TOKEN']}"}
        self._walks = walks
        self.reads = Reads()

    async def all_are_there(self) -> None:
        """Returns when each is on the board of their team: from then on they are to be on one."""
        for walk in self._walks:
            while not await self._is_in(walk, walk.seen):
                await asyncio.sleep(LOOK_SECONDS)
        self.reads = Reads()

    @asynccontextmanager
    async def on(self) -> AsyncIterator[Reads]:
        async with asyncio.TaskGroup() as together:
            tasks = [together.create_task(self._walk()), together.create_task(self._look())]
            yield self.reads
            for task in tasks:
                task.cancel()

    async def _walk(self) -> None:
        while True:
            for walk in self._walks:
                walk.asked_at.append(time.monotonic())
                url = f"{self._environment['CHECKINS_URL']}/members/{walk.member}"
                body = {"team": walk.team(len(walk.asked_at) - 1)}
                async with self._session.patch(url, json=body, headers=self._headers) as answer:
                    answer.raise_for_status()
                await asyncio.sleep(STEP_SECONDS)

    async def _look(self) -> None:
        while True:
            for walk in self._walks:
                await self._look_for(walk)
                await asyncio.sleep(LOOK_SECONDS)

    async def _look_for(self, walk: Walk) -> None:
        """From where they were seen last to where they are going. Who never goes back is never passed by on that way."""
        step = walk.seen
        while step < len(walk.asked_at):
            there = await self._is_in(walk, step)
            if there is None:
                return
            if there:
                self._saw(walk, step)
                return
            step += 1
        self.reads.gone_back += 1

    def _saw(self, walk: Walk, step: int) -> None:
        if step > walk.seen:
            now = time.monotonic()
            self.reads.shown.append(Timed(now, 1_000 * (now - walk.asked_at[walk.seen + 1])))
            walk.seen = step

    async def _is_in(self, walk: Walk, step: int) -> bool | None:
        """Whether they are on the board of the team of this step; None where it can't be read."""
        url = f"{self._environment['RECOGNITION_URL']}/leaderboards/all?team={walk.team(step)}"
        begun = time.monotonic()
        try:
            async with self._session.get(url, headers=self._headers, timeout=LONGEST_READ) as answer:
                answer.raise_for_status()
                items = (await answer.json())["items"]
        except (aiohttp.ClientError, TimeoutError):
            self.reads.failed += 1
            return None
        now = time.monotonic()
        self.reads.answered.append(Timed(now, 1_000 * (now - begun)))
        return any(item["member"] == walk.member for item in items)
