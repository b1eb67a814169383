"""From the POST of a check-in that asks for a person to the webhook at a supporter's program, one after the other."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import aiohttp

from deploy import Stack
from deploy.demo.client import Client, connected
from deploy.demo.receiver import Receiver

MEMBERS = 50
WARM_UP = 20


@dataclass
class Latencies:
    """Milliseconds, in the order in which they were measured."""

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    def whole_way(self, share: float) -> float:
        return _quantile(self.ours, share)

    def bare_post(self, share: float) -> float:
        return _quantile(self.bare, share)


async def idle_latency(stack: Stack, requests: int) -> Latencies:
    """Every request waits for its own webhook before the next is sent; nothing else runs."""
    receiver = Receiver()
    await receiver.start()
    measured = Latencies()
    async with connected(stack.environment()) as client, aiohttp.ClientSession() as bare:
        *members, supporter = await client.enrol_all(MEMBERS + 1)
        _, receiver.secrets[0] = await client.supporter(supporter, receiver.url(0))
        for number in range(WARM_UP + requests):
            ours = await _whole_way(client, receiver, members[number % MEMBERS])
            unsigned = await _bare_post(bare, receiver)
            if number >= WARM_UP:
                measured.ours.append(ours)
                measured.bare.append(unsigned)
    await receiver.stop()
    return measured


async def _whole_way(client: Client, receiver: Receiver, member: str) -> float:
    begun = time.perf_counter()
    await client.post("checkins", "/check-ins", {"member": member, "mood": 3, "wants_contact": True})
    arrival = await receiver.alerts.get()
    return 1_000 * (arrival.at - begun)


async def _bare_post(session: aiohttp.ClientSession, receiver: Receiver) -> float:
    """Refused for want of a signature, which takes the receiver as much work as a good one."""
    begun = time.perf_counter()
    async with session.post(receiver.url(0), data=b"{}"):
        return 1_000 * (time.perf_counter() - begun)


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
