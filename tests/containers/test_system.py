from __future__ import annotations

import asyncio
import time
from typing import Any, cast

import httpx
import pytest
from aiokafka import AIOKafkaConsumer

from tests.containers.system import System

pytestmark = pytest.mark.containers
MEMBER = {
    "name": "Ada",
    "team": "blue",
    "timezone": "Europe/Vienna",
    "languages": ["de"],
    "consents": {"analytics": True, "text": True, "contact": True},
}


def test_every_service_is_ready_and_healthy(composed: System) -> None:
    for service in composed.services:
        assert httpx.get(f"{composed.url(service)}/readyz").status_code == 200
        state = cast(dict[str, Any], composed.inspect(service)["State"])
        assert state["Health"]["Status"] == "healthy"


async def test_a_check_in_that_was_posted_reaches_kafka(composed: System) -> None:
    headers = {"Authorization": f"Bearer {composed.tokens()['SERVICE_TOKEN']}"}
    async with httpx.AsyncClient(base_url=composed.url("checkins"), headers=headers) as client:
        member = (await client.post("/members", json=MEMBER)).raise_for_status().json()["id"]
        posted = await client.post("/check-ins", json={"member": member, "mood": 4, "note": "A quiet day."})
    assert posted.status_code == 201, posted.text
    types = await asyncio.wait_for(_events_of(composed.bootstrap, member, 2), 20)
    assert types == ["alongside.checkins.MemberEnrolled.v1", "alongside.checkins.CheckInRecorded.v2"]


def test_a_role_that_dies_is_started_again_and_the_container_stays(composed: System) -> None:
    before = composed.inspect("checkins")["Id"]
    composed.within("checkins", KILL_THE_API)
    deadline = time.monotonic() + 20
    while not _ready(composed.url("checkins")):
        assert time.monotonic() < deadline, composed.logs()
        time.sleep(0.1)
    assert composed.inspect("checkins")["Id"] == before
    assert composed.inspect("checkins")["RestartCount"] == 0


def test_every_service_ends_in_order_and_quickly(composed: System) -> None:
    begun = time.monotonic()
    composed.compose("stop", *composed.services)
    seconds = time.monotonic() - begun
    states = {name: cast(dict[str, Any], composed.inspect(name)["State"]) for name in composed.services}
    composed.compose("up", "--wait", *composed.services)
    assert {name: state["ExitCode"] for name, state in states.items()} == dict.fromkeys(composed.services, 0)
    assert seconds < 20


KILL_THE_API = """
import os, pathlib, signal
for folder in pathlib.Path('/proc').glob('[0-9]*'):
    if (folder / 'cmdline').read_bytes().endswith(b'services.checkins\\0api\\0'):
        os.kill(int(folder.name), signal.SIGKILL)
        break
else:
    raise SystemExit('there is no api')
"""


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


async def _events_of(bootstrap: str, member: str, count: int) -> list[str]:
    """The types of the member's first events, as Kafka has them."""
    types: list[str] = []
    async with AIOKafkaConsumer("checkins.events", bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        async for record in consumer:
            if record.key == member.encode():
                types.append(dict(record.headers)["ce_type"].decode())
            if len(types) == count:
                break
    return types
