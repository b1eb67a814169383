"""From the POST of a check-in that asks for a person to the webhook at a supporter's program, alone and under load."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from rich.console import Console

from deploy import Stack
from deploy.demo.client import Client, connected
from deploy.demo.receiver import Receiver
from deploy.layout import CHECKOUT
from tests.bench.figures import Figure, figure
from tests.bench.loading import Background, Target, write_bodies

PER_SECOND = (0, 200, 500)
MEMBERS = 50
AGAINST = "a bare POST to the same receiver, in turn with ours"
WEBHOOK_WITHIN_SECONDS = 30
UNLIMITED = {"ALONGSIDE_RATE_LIMIT": "1000000"}


@dataclass(frozen=True)
class Counts:
    """At least so many requests in at least so many seconds, after a warm-up; around them so many others check in."""

    requests: int
    seconds: float
    warm_up: int
    others: int


FULL, QUICK = Counts(200, 20, 20, 2_000), Counts(5, 1, 2, 50)


@dataclass
class Latencies:
    """Milliseconds, in the order in which they were measured."""

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    def figures(self, per_second: int) -> list[Figure]:
        shares = (("p50", 0.5), ("p99", 0.99))
        return [
            figure(f"latency.{name}_ms.{per_second}", _quantile(self.ours, share), "ms", AGAINST, _quantile(self.bare, share))
            for name, share in shares
        ]


def latency(console: Console, quick: bool) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(CHECKOUT, Path(folder) / "stack")
        stack.up(extra=UNLIMITED, environ={})
        try:
            return asyncio.run(_at_each_rate(stack, Path(folder), QUICK if quick else FULL, console))
        finally:
            stack.down()


async def _at_each_rate(stack: Stack, folder: Path, counts: Counts, console: Console) -> list[Figure]:
    environment, receiver = stack.environment(), Receiver()
    await receiver.start()
    figures: list[Figure] = []
    async with connected(environment) as client, aiohttp.ClientSession() as session:
        *members, supporter = await client.enrol_all(MEMBERS + 1)
        others = await client.enrol_all(counts.others)
        _, receiver.secrets[0] = await client.supporter(supporter, receiver.url(0))
        bodies = write_bodies(folder / "others.jsonl", [{"member": one, "mood": 4, "energy": 4, "stress": 2} for one in others])
        target = Target(f"{environment['CHECKINS_URL']}/check-ins", environment["SERVICE_TOKEN"], bodies)
        probe = Probe(client, session, receiver, members)
        for per_second in PER_SECOND:
            measured = await _around(probe, target, per_second, counts, console)
            figures += measured.figures(per_second)
    await receiver.stop()
    return figures


async def _around(probe: Probe, target: Target, per_second: int, counts: Counts, console: Console) -> Latencies:
    background = Background(target, per_second) if per_second else None
    if background:
        await background.begin()
    await probe.measure(counts.warm_up, 0)
    measured = await probe.measure(counts.requests, counts.seconds)
    console.print(f"  {len(measured.ours)} measured with {per_second}/s around them")
    if background:
        answers = (await background.end()).only(201)
        console.print(f"  around them: {answers.rate:,.0f}/s, p99 {answers.p99_ms:.0f} ms")
    return measured


class Probe:
    """One request at a time: each waits for its own webhook before the next is sent."""

    def __init__(self, client: Client, session: aiohttp.ClientSession, receiver: Receiver, members: list[str]) -> None:
        self._client = client
        self._session = session
        self._receiver = receiver
        self._members = members

    async def measure(self, requests: int, seconds: float) -> Latencies:
        measured, begun = Latencies(), time.perf_counter()
        while len(measured.ours) < requests or time.perf_counter() - begun < seconds:
            measured.ours.append(await self._whole_way(self._members[len(measured.ours) % MEMBERS]))
            measured.bare.append(await self._bare_post())
        return measured

    async def _whole_way(self, member: str) -> float:
        begun = time.perf_counter()
        await self._client.post("checkins", "/check-ins", {"member": member, "mood": 3, "wants_contact": True})
        arrival = await asyncio.wait_for(self._receiver.alerts.get(), WEBHOOK_WITHIN_SECONDS)
        return 1_000 * (arrival.at - begun)

    async def _bare_post(self) -> float:
        """Refused for want of a signature, which takes the receiver as much work as a good one."""
        begun = time.perf_counter()
        async with self._session.post(self._receiver.url(0), data=b"{}"):
            return 1_000 * (time.perf_counter() - begun)


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
