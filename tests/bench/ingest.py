"""Durable ingest one by one and in batches, in turn with a bare FastAPI that produces to the same broker."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.console import Console

from deploy import Stack
from deploy.demo.client import connected
from deploy.layout import CHECKOUT
from shared.kafka.topics import PARTITIONS, ensure_topics
from tests.bench.figures import Figure, figure
from tests.bench.loading import Answers, Target, serving, write_bodies

UNLIMITED = {"ALONGSIDE_RATE_LIMIT": "1000000"}
BARE_TOPIC, OUR_TOPIC = "bare.check-ins", "checkins.events"
CONNECTIONS, BATCH_CONNECTIONS = 64, 4
BATCH = 500
RELAYED_WITHIN_SECONDS = 120
SINGLE = f"a bare FastAPI with aiokafka send_and_wait, {CONNECTIONS} connections, one worker each"
BATCHED = f"a bare FastAPI that produces each of a batch's {BATCH} and awaits all, {BATCH_CONNECTIONS} connections"


@dataclass(frozen=True)
class Counts:
    members: int
    requests: int
    batches: int
    rounds: int


FULL, QUICK = Counts(1_000, 6_000, 60, 3), Counts(20, 200, 2, 1)


def ingest(console: Console, quick: bool) -> list[Figure]:
    counts = QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(CHECKOUT, Path(folder) / "stack")
        environment = stack.up(services=["checkins"], extra=UNLIMITED, environ={})
        try:
            bodies = asyncio.run(_bodies(environment, counts.members))
            asyncio.run(ensure_topics(environment["KAFKA_BOOTSTRAP"], [BARE_TOPIC]))
            with serving("tests.bench.bare_app", environment["KAFKA_BOOTSTRAP"], BARE_TOPIC) as bare_url:
                return _measured(environment, bare_url, _files(Path(folder), bodies), counts, console)
        finally:
            stack.down()


async def _bodies(environment: Mapping[str, str], count: int) -> list[dict[str, object]]:
    chance = random.Random(count)
    async with connected(environment) as client:
        members = await client.enrol_all(count)
    return [{"member": one, "mood": chance.randint(3, 5), "energy": 4, "stress": chance.randint(1, 3)} for one in members]


def _files(folder: Path, bodies: list[dict[str, object]]) -> tuple[Path, Path]:
    batches = [[bodies[(first + number) % len(bodies)] for number in range(BATCH)] for first in range(0, 10 * BATCH, BATCH)]
    return write_bodies(folder / "single.jsonl", bodies), write_bodies(folder / "batches.jsonl", batches)


def _measured(
    environment: Mapping[str, str], bare_url: str, files: tuple[Path, Path], counts: Counts, console: Console
) -> list[Figure]:
    token, url = environment["SERVICE_TOKEN"], environment["CHECKINS_URL"]
    one, many = files
    relayed = Relayed(environment["KAFKA_BOOTSTRAP"])
    ours, bare = (Target(f"{base}/check-ins", token, one) for base in (url, bare_url))
    single = InTurn(
        lambda n: relayed.after(n, ours.load(CONNECTIONS, n).only(201)), lambda n: bare.load(CONNECTIONS, n).only(201)
    )
    single.run(counts.requests, counts.rounds, console)
    our_batches, bare_batches = (Target(f"{base}/check-ins/batch", token, many) for base in (url, bare_url))
    batch = InTurn(
        lambda n: relayed.after(n * BATCH, our_batches.load(BATCH_CONNECTIONS, n).only(207)),
        lambda n: bare_batches.load(BATCH_CONNECTIONS, n).only(207),
    )
    batch.run(counts.batches, counts.rounds, console)
    with serving("tests.bench.nothing_app") as nothing:
        alone = Target(f"{nothing}/check-ins", token, one).load(CONNECTIONS, 5 * counts.requests).rate
    return [
        figure("ingest.single", single.rate(single.ours), "events/s", SINGLE, single.rate(single.bare)),
        figure("ingest.single.p50_ms", single.ms(single.ours, "p50_ms"), "ms", SINGLE, single.ms(single.bare, "p50_ms")),
        figure("ingest.single.p99_ms", single.ms(single.ours, "p99_ms"), "ms", SINGLE, single.ms(single.bare, "p99_ms")),
        figure("ingest.batch", BATCH * batch.rate(batch.ours), "events/s", BATCHED, BATCH * batch.rate(batch.bare)),
        figure(
            "ingest.client",
            alone,
            "requests/s",
            "ours one by one; the load generator alone, nothing done",
            single.rate(single.ours),
        ),
    ]


class InTurn:
    """Ours and the bare one by turns; each is warmed first."""

    def __init__(self, ours: Callable[[int], Answers], bare: Callable[[int], Answers]) -> None:
        self._runs = (ours, bare)
        self.ours: list[Answers] = []
        self.bare: list[Answers] = []

    def run(self, requests: int, rounds: int, console: Console) -> None:
        for run in self._runs:
            run(max(requests // 10, 1))
        for _ in range(rounds):
            self.ours.append(self._runs[0](requests))
            self.bare.append(self._runs[1](requests))
            told = (f"{one[-1].rate:,.0f}/s p99 {one[-1].p99_ms:.0f} ms" for one in (self.ours, self.bare))
            console.print(f"  {requests:,} requests: ours {next(told)}, bare {next(told)}")

    @staticmethod
    def rate(runs: list[Answers]) -> float:
        return median(one.rate for one in runs)

    @staticmethod
    def ms(runs: list[Answers], name: str) -> float:
        return median(float(getattr(one, name)) for one in runs)


class Relayed:
    """Waits until the relay has sent what was accepted, so that it takes nothing from who is measured next."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._there = asyncio.run(self._count())

    def after(self, accepted: int, answers: Answers) -> Answers:
        """Raises TimeoutError where less arrived than was accepted."""
        self._there += accepted
        asyncio.run(self._wait())
        return answers

    async def _wait(self) -> None:
        deadline = time.monotonic() + RELAYED_WITHIN_SECONDS
        while (there := await self._count()) < self._there:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{there} of {self._there} relayed")
            await asyncio.sleep(0.1)

    async def _count(self) -> int:
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap)
        await consumer.start()
        try:
            ends = await consumer.end_offsets([TopicPartition(OUR_TOPIC, number) for number in range(PARTITIONS)])
            return sum(ends.values())
        finally:
            await consumer.stop()
