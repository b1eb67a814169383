"""What is done to a running system: which faults, how long and when are drawn from a seed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID
from xmlrpc.client import Fault as NotAsItWas

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from deploy import Stack, probes
from deploy.demo.client import Client
from deploy.ports import free_port
from services.checkins.relay import TOPIC
from shared.events.checkins import CheckInRecorded
from tests.conftest import ROOT, SHORT_SESSION
from tests.faults.receivers import DEAD, REFUSING, SLOW, Receivers

PARTS = ("kafka", "postgres")
PATIENCE_SECONDS = 240
PAST_THE_SESSION = (6.3, 7.3)
AWAY = (1.5, 3.0)
STAYS = (0.5, 2.0)
BEGINS_WITHIN = 2.5
UNDECODABLE = b"\xff{no event"


@dataclass
class World:
    """What a fault may lay hands on. `poisoned` are the subjects to which no one else's events belong."""

    stack: Stack
    client: Client
    receivers: Receivers
    poisoned: list[UUID] = field(default_factory=list)


@dataclass(frozen=True)
class Fault:
    """`after` and all times are in seconds."""

    says: str
    after: float
    happen: Callable[[World], Awaitable[None]]

    async def strike(self, world: World) -> None:
        await asyncio.sleep(self.after)
        await self.happen(world)


def draw(chance: random.Random, processes: Sequence[str]) -> list[Fault]:
    """Two or three kinds of fault, in the order in which they begin."""
    chosen = chance.sample(KINDS, chance.randint(2, 3))
    return sorted((kind(chance, processes) for kind in chosen), key=lambda fault: fault.after)


def _kill(chance: random.Random, processes: Sequence[str]) -> Fault:
    names = chance.sample([name for name in processes if name not in PARTS], chance.randint(1, 3))

    async def happen(world: World) -> None:
        for name in names:
            _signal(world.stack, name, signal.SIGKILL)

    return Fault(f"kill -9 {' '.join(names)}", chance.uniform(0, BEGINS_WITHIN), happen)


def _freeze(chance: random.Random, processes: Sequence[str]) -> Fault:
    name = chance.choice([name for name in processes if name.endswith("-stream")])
    seconds = chance.uniform(*PAST_THE_SESSION)

    async def happen(world: World) -> None:
        pid = _signal(world.stack, name, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    return Fault(f"{name} stopped for {seconds:.1f} s and woken", chance.uniform(0, 1), happen)


def _broker_away(chance: random.Random, processes: Sequence[str]) -> Fault:
    return _away(chance, ["kafka"], "the broker")


def _database_away(chance: random.Random, processes: Sequence[str]) -> Fault:
    return _away(chance, ["postgres"], "PostgreSQL")


def _relays_away(chance: random.Random, processes: Sequence[str]) -> Fault:
    return _away(chance, [name for name in processes if name.endswith("-relay")], "every relay")


def _away(chance: random.Random, names: Sequence[str], called: str) -> Fault:
    seconds = chance.uniform(*AWAY)

    async def happen(world: World) -> None:
        try:
            await asyncio.gather(*(_supervised(world.stack.stop, name) for name in names))
            await asyncio.sleep(seconds)
        finally:
            await asyncio.gather(*(_supervised(world.stack.start, name) for name in names))

    return Fault(f"{called} away for {seconds:.1f} s", chance.uniform(0, BEGINS_WITHIN), happen)


def _bad_receivers(chance: random.Random, processes: Sequence[str]) -> Fault:
    kinds = chance.sample([SLOW, REFUSING, DEAD], chance.randint(1, 3))

    async def happen(world: World) -> None:
        for kind in kinds:
            await world.receivers.register(world.client, kind)

    return Fault(f"receivers beside the healthy one: {', '.join(kinds)}", chance.uniform(0, 1), happen)


def _second_worker(chance: random.Random, processes: Sequence[str]) -> Fault:
    """It joins first, unless something else that is broken ends it before."""
    seconds = chance.uniform(*STAYS)
    leaves_by = chance.choice([signal.SIGTERM, signal.SIGKILL])

    async def happen(world: World) -> None:
        url = f"http://127.0.0.1:{free_port()}"
        async with _worker(world.stack, url) as worker:
            if await _joined(worker, url):
                await asyncio.sleep(seconds)
            if worker.returncode is None:
                worker.send_signal(leaves_by)

    says = f"a second worker of alerts joins for {seconds:.1f} s, leaving by {leaves_by.name}"
    return Fault(says, chance.uniform(0, BEGINS_WITHIN), happen)


def _poison(chance: random.Random, processes: Sequence[str]) -> Fault:
    member, event = (UUID(int=chance.getrandbits(128), version=4) for _ in range(2))

    async def happen(world: World) -> None:
        world.poisoned.append(member)
        headers = [("ce_type", CheckInRecorded.type().encode()), ("ce_id", str(event).encode())]
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await published(world.client.environment["KAFKA_BOOTSTRAP"], str(member).encode(), headers):
                await asyncio.sleep(0.2)

    return Fault(f"a poison event of {member}", chance.uniform(0, BEGINS_WITHIN), happen)


KINDS = (
    _kill,
    _freeze,
    _broker_away,
    _database_away,
    _relays_away,
    _bad_receivers,
    _second_worker,
    _poison,
)


def _signal(stack: Stack, name: str, number: signal.Signals) -> int | None:
    """Its pid; None where it is just being started again after another fault."""
    pid = stack.pid(name)
    if pid is None:
        return None
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return None
    return pid


async def _supervised(command: Callable[[str], None], name: str) -> None:
    """Another fault may have ended it, and its supervisor may have started it again, in this very moment."""
    with suppress(NotAsItWas):
        await asyncio.to_thread(command, name)


@asynccontextmanager
async def _worker(stack: Stack, url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of our own, in the group of the stack's, which says at `url` how it is."""
    with stack.layout.log("alerts-stream-second").open("ab") as log:
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.alerts", "stream"),
            cwd=ROOT,
            env={**os.environ, **stack.environment(), **SHORT_SESSION, "ALERTS_STREAM_URL": url},
            stdout=log,
            stderr=log,
        )
    try:
        yield worker
        await asyncio.wait_for(worker.wait(), PATIENCE_SECONDS)
    finally:
        if worker.returncode is None:
            worker.kill()
        await worker.wait()


async def _joined(worker: asyncio.subprocess.Process, url: str) -> bool:
    """Whether it was given its share before it ended."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while worker.returncode is None and asyncio.get_running_loop().time() < deadline:
        if await asyncio.to_thread(probes.http, url) is None:
            return True
        await asyncio.sleep(0.1)
    return False


async def published(bootstrap: str, key: bytes, headers: list[tuple[str, bytes]]) -> bool:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, request_timeout_ms=5_000)
    try:
        await producer.start()
        await producer.send_and_wait(TOPIC, UNDECODABLE, key, headers=headers)
    except (KafkaError, OSError):
        return False
    finally:
        await producer.stop()
    return True
