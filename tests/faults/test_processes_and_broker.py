"""Every process killed in turn, and the broker stopped, while people post: nothing accepted is lost, no alert is doubled."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest

from deploy import Stack
from deploy.demo.client import Client, connected
from deploy.demo.receiver import Receiver
from tests.faults.load import Load, offered_alerts, open_alerts, stored_check_ins

CHECK_INS = 2_000
REQUESTS = 100
GREEN_WITHIN_SECONDS = 15
BROKER_AWAY_SECONDS = 20
PARTS = {"kafka", "postgres"}


@pytest.fixture
async def client(system: Stack) -> AsyncIterator[Client]:
    async with connected(system.environment()) as client:
        yield client


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


async def test_each_process_killed_in_turn_loses_no_check_in_and_doubles_no_alert(
    system: Stack, client: Client, receiver: Receiver
) -> None:
    load = await _load(client, receiver)
    names = [one.name for one in system.watched() if one.name not in PARTS]
    posting = asyncio.create_task(load.post_all(pause=0.012 * len(names)))
    slowest = max([await _kill_and_wait(system, name) for name in names])
    await posting

    await _all_arrived(system, load, receiver)
    print(f"{len(names)} processes killed, green again within {slowest:.1f} s at most")
    await _leave(client, load)


async def test_a_broker_away_for_twenty_seconds_delays_alerts_and_loses_nothing(
    system: Stack, client: Client, receiver: Receiver
) -> None:
    load = await _load(client, receiver)
    system.stop("kafka")
    posting = asyncio.create_task(load.post_all(pause=0.05))
    await asyncio.sleep(BROKER_AWAY_SECONDS)
    answered_without = len(load.stored)
    system.start("kafka")
    await posting

    assert answered_without > CHECK_INS / 2, "POSTs were answered while the broker was away"
    await _all_arrived(system, load, receiver)
    await _leave(client, load)


async def _load(client: Client, receiver: Receiver) -> Load:
    earlier = await open_alerts(client)
    *members, supporter = await client.enrol_all(REQUESTS + 1)
    _, receiver.secrets[0] = await client.supporter(supporter, receiver.url(0))
    return Load(client, supporter, members, CHECK_INS, REQUESTS, earlier)


async def _kill_and_wait(system: Stack, name: str) -> float:
    """Kills a process and returns after how many seconds everything was green again."""
    pid = system.pid(name)
    assert pid is not None, f"{name} runs"
    os.kill(pid, signal.SIGKILL)
    begun = time.monotonic()
    while await asyncio.to_thread(_not_green, system, name, pid):
        assert time.monotonic() - begun < GREEN_WITHIN_SECONDS, f"{name} is back and green within 15 s"
        await asyncio.sleep(0.1)
    return time.monotonic() - begun


def _not_green(system: Stack, name: str, killed: int) -> bool:
    return system.pid(name) in (None, killed) or not all(one.green for one in system.status())


async def _all_arrived(system: Stack, load: Load, receiver: Receiver) -> None:
    offers = await offered_alerts(receiver, load.earlier, REQUESTS, seconds=60)
    assert len(load.stored) == len(set(load.stored.values())) == CHECK_INS
    assert await stored_check_ins(system.environment(), list(load.stored.values())) == CHECK_INS
    assert len(offers) == REQUESTS
    assert all(len(webhook_ids) == 1 for webhook_ids in offers.values()), "each alert under one webhook-id"
    assert receiver.refused == 0


async def _leave(client: Client, load: Load) -> None:
    """This test's supporter is erased, so that the next test's alerts aren't offered to a receiver that is gone."""
    await client.delete("checkins", f"/members/{load.supporter}")
