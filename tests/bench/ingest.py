"""Durable ingest one by one and in batches, in turn with a bare FastAPI that produces to the same broker.

All services run, as `make up` starts them: what ingest costs is also what the relay, Kafka and every reader spend on it at the
same time. The bare one is measured beside them when they have nothing left to do."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console

from deploy import Stack
from deploy.demo.client import connected
from deploy.layout import CHECKOUT
from shared.kafka.topics import ensure_topics
from tests.bench.figures import Figure, figure
from tests.bench.loading import Answers, Target, serving, write_bodies
from tests.bench.settling import Settling
from tests.bench.spending import Spending

UNLIMITED = {"ALONGSIDE_RATE_LIMIT": "1000000"}
BARE_TOPIC = "bare.check-ins"
CONNECTIONS, BATCH_CONNECTIONS = 64, 4
BATCH = 500
SINGLE = f"a bare FastAPI with aiokafka send_and_wait, {CONNECTIONS} connections, one worker each"
SPENT = "all processes together for one event, its reading included; the API's own"
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
        environment = stack.up(extra=UNLIMITED, environ={})
        try:
            bodies = asyncio.run(bodies_of(environment, counts.members))
            asyncio.run(ensure_topics(environment["KAFKA_BOOTSTRAP"], [BARE_TOPIC]))
            with serving("tests.bench.bare_app", environment["KAFKA_BOOTSTRAP"], BARE_TOPIC) as bare_url:
                return _measured(stack, bare_url, files_of(Path(folder), bodies), counts, console)
        finally:
            stack.down()


async def bodies_of(environment: Mapping[str, str], count: int) -> list[dict[str, object]]:
    chance = random.Random(count)
    async with connected(environment) as client:
        members = await client.enrol_all(count)
    return [{"member": one, "mood": chance.randint(3, 5), "energy": 4, "stress": chance.randint(1, 3)} for one in members]


def files_of(folder: Path, bodies: list[dict[str, object]]) -> tuple[Path, Path]:
    batches = [[bodies[(first + number) % len(bodies)] for number in range(BATCH)] for first in range(0, 10 * BATCH, BATCH)]
    return write_bodies(folder / "single.jsonl", bodies), write_bodies(folder / "batches.jsonl", batches)


def _measured(stack: Stack, bare_url: str, files: tuple[Path, Path], counts: Counts, console: Console) -> list[Figure]:
    environment = stack.environment()
    token, url = environment["SERVICE_TOKEN"], environment["CHECKINS_URL"]
    one, many = files
    settled, spending = Settling(environment).after, Spending(stack)
    ours, bare = (Target(f"{base}/check-ins", token, one) for base in (url, bare_url))
    single = InTurn(
        lambda n: settled(ours.load(CONNECTIONS, n).only(201)), lambda n: bare.load(CONNECTIONS, n).only(201), spending
    )
    single.run(counts.requests, counts.rounds, console)
    our_batches, bare_batches = (Target(f"{base}/check-ins/batch", token, many) for base in (url, bare_url))
    batch = InTurn(
        lambda n: settled(our_batches.load(BATCH_CONNECTIONS, n).only(207)),
        lambda n: bare_batches.load(BATCH_CONNECTIONS, n).only(207),
        spending,
        BATCH,
    )
    batch.run(counts.batches, counts.rounds, console)
    with serving("tests.bench.nothing_app") as nothing:
        alone = Target(f"{nothing}/check-ins", token, one).load(CONNECTIONS, 5 * counts.requests).rate
    return [
        figure("ingest.single", single.rate(single.ours), "events/s", SINGLE, single.rate(single.bare)),
        figure("ingest.single.p50_ms", single.ms(single.ours, "p50_ms"), "ms", SINGLE, single.ms(single.bare, "p50_ms")),
        figure("ingest.single.p99_ms", single.ms(single.ours, "p99_ms"), "ms", SINGLE, single.ms(single.bare, "p99_ms")),
        figure("ingest.single.cpu_us", single.spent(), "µs of CPU", SPENT, single.spent("checkins-api")),
        figure("ingest.batch", BATCH * batch.rate(batch.ours), "events/s", BATCHED, BATCH * batch.rate(batch.bare)),
        figure("ingest.batch.cpu_us", batch.spent(), "µs of CPU", SPENT, batch.spent("checkins-api")),
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

    def __init__(
        self, ours: Callable[[int], Answers], bare: Callable[[int], Answers], spending: Spending, events: int = 1
    ) -> None:
        """`events` are in one request."""
        self._runs = (ours, bare)
        self._spending, self._events = spending, events
        self._spent: list[dict[str, float]] = []
        self.ours: list[Answers] = []
        self.bare: list[Answers] = []

    def run(self, requests: int, rounds: int, console: Console) -> None:
        for run in self._runs:
            run(max(requests // 10, 1))
        for _ in range(rounds):
            before = self._spending.now()
            self.ours.append(self._runs[0](requests))
            self._spent.append(self._spending.since(before, requests * self._events))
            self.bare.append(self._runs[1](requests))
            told = (f"{one[-1].rate:,.0f}/s p99 {one[-1].p99_ms:.0f} ms" for one in (self.ours, self.bare))
            console.print(f"  {requests:,} requests: ours {next(told)}, bare {next(told)}")
            dearest = (f"{name} {spent:.0f}" for name, spent in self._spent[-1].items() if spent >= 1)
            console.print(f"    µs of CPU for each event: {', '.join(dearest)}")

    def spent(self, *names: str) -> float:
        """Of these processes, or of all, for one event: the median of the rounds, microseconds."""
        return median(sum(spent for name, spent in one.items() if name in names or not names) for one in self._spent)

    @staticmethod
    def rate(runs: list[Answers]) -> float:
        return median(one.rate for one in runs)

    @staticmethod
    def ms(runs: list[Answers], name: str) -> float:
        return median(float(getattr(one, name)) for one in runs)
