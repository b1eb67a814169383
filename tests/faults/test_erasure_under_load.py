"""A member is erased in the middle of load: within 60 s nothing that they wrote can be opened by anybody, anywhere, and every
view is what it would be without them."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy import Stack
from deploy.demo.client import Client, Refused, connected
from deploy.demo.receiver import Receiver
from shared.events.checkins import CheckInRecorded
from shared.store.event_store import EventStore
from shared.store.sealing import seal
from tests.architecture.tree import ROOT
from tests.faults import oracle
from tests.faults.answering import Answering
from tests.faults.attacking import SERVICES, found_in, opened_in_kafka, opened_in_stores
from tests.faults.faults import published
from tests.faults.settling import caught_up

WITHIN_SECONDS = 60.0
LOAD_SECONDS = 2.0
"""Before the erasure, and after it."""

SENDERS = 3
BATCH = 25
PATIENCE = 180.0
NOT_FOUND = 404


@dataclass
class Load:
    """Check-ins of everybody in batches, and one by one of who leaves, each with a note, until `ended` is set."""

    client: Client
    leaver: str
    others: list[str]
    canary: str
    accepted: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def post(self) -> None:
        async with asyncio.TaskGroup() as together:
            for _ in range(SENDERS):
                together.create_task(self._batches())
            together.create_task(self._one_by_one())

    async def _batches(self) -> None:
        while not self.ended.is_set():
            body = [self._check_in(next(self._numbers)) for _ in range(BATCH)]
            self.accepted += int((await self.client.post("checkins", "/check-ins/batch", body))["accepted"])

    async def _one_by_one(self) -> None:
        """Until they are unknown."""
        for number in itertools.count():
            body = {"member": self.leaver, "mood": 3, "wants_contact": number % 3 == 0, "note": f"{self.canary} {number}"}
            try:
                await self.client.post("checkins", "/check-ins", body, **{"Idempotency-Key": f"{self.canary}-{number}"})
            except Refused as refused:
                return _require_unknown(refused)
            self.accepted += 1

    def _check_in(self, number: int) -> dict[str, Any]:
        if number % 5 == 0:
            return {"member": self.leaver, "mood": 1, "note": f"{self.canary} {number}: nobody else may read this"}
        return {"member": self.others[number % len(self.others)], "mood": 1 + number % 5, "note": f"fine {number}"}


@pytest.fixture
async def client(own_system: Stack) -> AsyncIterator[Client]:
    async with connected(own_system.environment(), PATIENCE) as client:
        yield client


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


async def test_nothing_that_an_erased_member_wrote_can_be_opened_within_a_minute(
    own_system: Stack, client: Client, receiver: Receiver
) -> None:
    environment, kek, canary = client.environment, own_system.keys.folder / "kek", f"canary{uuid4().hex}"
    leaver, supporter, *others = await client.enrol_all(8)
    survey = await _lives(client, own_system, leaver, supporter, others, receiver, canary)
    load = Load(client, leaver, others, canary)
    posting, started = asyncio.create_task(load.post()), time.monotonic()
    await asyncio.sleep(LOAD_SECONDS)
    opened = set(await asyncio.to_thread(opened_in_stores, environment, kek, canary))
    assert {f"{place}, by a key" for place in WRITTEN} <= opened, "whoever has the keys can read until they are destroyed"
    await _parked(environment, leaver)
    erased = time.monotonic()
    answer = await client.delete("checkins", f"/members/{leaver}")
    await _until_all_have(client, own_system, leaver)
    applied = time.monotonic() - erased
    await asyncio.sleep(LOAD_SECONDS)
    load.ended.set()
    await posting
    rate = load.accepted / (time.monotonic() - started)
    assert await asyncio.to_thread(opened_in_stores, environment, kek, canary) == []
    assert await opened_in_kafka(environment, kek, canary) == []
    seconds = time.monotonic() - erased
    print(
        f"\nerased at {rate:.0f} check-ins/s: {applied:.1f} s until every service had, {seconds:.1f} s until all was searched"
    )
    assert seconds < WITHIN_SECONDS
    assert set(answer["receipt"]) == {"member", "erased_at", "position"}
    assert await caught_up(environment, survey, PATIENCE) == []
    assert _differences(environment) == []
    await _every_command_tells_nothing(environment, canary)
    await _without(environment, leaver)
    assert _differences(environment) == []
    assert await asyncio.to_thread(opened_in_stores, environment, kek, canary) == []
    assert await opened_in_kafka(environment, kek, canary) == []
    await client.delete("checkins", f"/members/{supporter}")


def test_the_search_finds_what_stands_there_in_any_form_and_what_a_key_opens() -> None:
    key, sealed = b"k" * 32, seal(b"k" * 32, b"this is a canary", "anything")
    encoded = b'{"note":"%s"}' % base64.b64encode(sealed)
    plain = b'{"note":"%s"}' % base64.b64encode(b"a canary in base 64 that is long enough")
    stored = [("clear", b"a canary"), ("base 64", plain), ("bytes", sealed), ("an event", encoded)]
    found = ["clear, in the clear", "base 64, in the clear", "bytes, by a key", "an event, by a key"]
    assert found_in(stored, [b"another".ljust(32), key], "canary") == found
    assert found_in(stored, [b"another".ljust(32)], "canary") == found[:2]


WRITTEN = (
    "checkins.checkins_events.state",
    "checkins.check_ins.note",
    "recognition.recognition_events.state",
    "recognition.kudos.message",
)
VIEWS = [(service, view.name) for service, (_, views) in oracle.READERS.items() for view in views]


async def _lives(
    client: Client, system: Stack, leaver: str, supporter: str, others: list[str], receiver: Receiver, canary: str
) -> str:
    """What a member leaves everywhere: a name, a concern, kudos, a choice, a draw; they are a supporter, too. The survey."""
    person = system.keys.persons_token("member", leaver)
    await client._call("PATCH", "checkins", f"/members/{leaver}", {"name": canary}, "SERVICE_TOKEN", {})
    flag = {"member": leaver, "signs": ["guilt"], "note": f"{canary} worries me"}
    await client.post("checkins", "/distress-flags", flag, **{"Idempotency-Key": f"flag-{canary}"})
    kudos = {"giver": leaver, "receivers": [others[0]], "category": "taught", "message": f"{canary}, thank you"}
    await client.post("recognition", "/kudos", kudos, **{"Idempotency-Key": f"kudos-{canary}"})
    back = {"giver": others[0], "receivers": [leaver, others[1]], "category": "taught"}
    await client.post("recognition", "/kudos", back)
    await client.post("recognition", f"/members/{leaver}/board", {"opted_in": True}, person)
    for number, member in enumerate((leaver, supporter)):
        await client.supporter(member, receiver.url(number))
    answering = Answering(client, system.keys, random.Random(7))
    await answering.answer_all([leaver, *others])
    return answering.survey


async def _parked(environment: oracle.Environment, leaver: str) -> None:
    """An event of theirs that nobody can read: all that come later wait behind it, in every service."""
    headers = [("ce_type", CheckInRecorded.type().encode()), ("ce_id", str(uuid4()).encode())]
    assert await published(environment["KAFKA_BOOTSTRAP"], leaver.encode(), headers)
    for service in oracle.READERS:
        with closing(oracle.store_of(environment, service)) as store:
            async with asyncio.timeout(PATIENCE):
                while not await asyncio.to_thread(_parked_in, store, leaver):
                    await asyncio.sleep(0.05)


def _parked_in(store: EventStore, leaver: str) -> int:
    with store.transaction() as cursor:
        cursor.execute("SELECT FROM parked WHERE subject = %s", (leaver.encode(),))
        return cursor.rowcount


async def _until_all_have(client: Client, system: Stack, leaver: str) -> None:
    """As the person sees it: every service gives its receipt."""
    person = system.keys.persons_token("member", leaver)
    for service in SERVICES:
        async with asyncio.timeout(WITHIN_SECONDS):
            while not await _has(client, service, leaver, person):
                await asyncio.sleep(0.05)


async def _has(client: Client, service: str, leaver: str, person: str) -> bool:
    try:
        told = await client.get(service, f"/erasures/{leaver}", person)
    except Refused as refused:
        _require_unknown(refused)
        return False
    return bool(told["service"] == service)


def _require_unknown(refused: Refused) -> None:
    if refused.status != NOT_FOUND:
        raise refused


def _differences(environment: oracle.Environment) -> list[str]:
    return [str(one) for one in oracle.differences(environment)]


async def _every_command_tells_nothing(environment: oracle.Environment, canary: str) -> None:
    async with asyncio.TaskGroup() as together:
        for service in SERVICES:
            together.create_task(_commands_of(environment, service, canary))


async def _commands_of(environment: oracle.Environment, service: str, canary: str) -> None:
    """History sent again, other rules tried on it, every view built anew, compared and switched to."""
    await _told(environment, canary, service, "relay", "--from", "0")
    if service == "alerts":
        await _told(environment, canary, service, "replay", "--dry-run", "--rules", "services/alerts/rules.yaml")
    for view in [view for of, view in VIEWS if of == service]:
        tried = await _told(environment, canary, service, "replay", "--view", view, "--dry-run")
        assert tried["result"]["same"] == tried["result"]["keys"], tried
        switched = await _told(environment, canary, service, "replay", "--view", view, "--target", "shadow", "--switch")
        assert switched["state"] == "switched", switched


async def _told(environment: oracle.Environment, canary: str, service: str, *arguments: str) -> dict[str, Any]:
    """The last line of what a command says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"services.{service}",
        *arguments,
        "--json",
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    assert canary.encode() not in said + complained
    assert process.returncode == 0, complained.decode()
    last: dict[str, Any] = json.loads(said.splitlines()[-1])
    return last


async def _without(environment: oracle.Environment, leaver: str) -> None:
    """No view has them; alerts keeps that they were there, since a management chain may lead over them."""
    member = UUID(leaver)
    for service, (_, views) in oracle.READERS.items():
        with closing(oracle.store_of(environment, service)) as store:
            assert _parked_in(store, leaver) == 0
            for view in views:
                rows = [state for key, state in oracle.live_states(store, view).items() if key[0] == member]
                assert [getattr(state, "erased", False) for state in rows] == ([True] if service == "alerts" else []), view.name
