"""What the chain costs ingest: check-ins over HTTP until they are in Kafka, by a relay that chains and one that doesn't, in
turn on the same parts. Nobody reads them, so the chain's share is larger than in a system that is whole."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil  # type: ignore[import-untyped]
import psycopg
from rich.console import Console

from deploy import Keys
from deploy.ports import free_port
from tests.bench.drain import Place, place
from tests.bench.figures import Figure, figure
from tests.bench.ingest import BATCH, BATCH_CONNECTIONS, CONNECTIONS, bodies_of, files_of
from tests.bench.loading import Target, started
from tests.bench.spending import cpu_seconds

WITHIN_SECONDS = 120
LEFT = "SELECT (SELECT max(notification_id) FROM checkins_events) - coalesce((SELECT max(position) FROM relay_position), 0)"
ONE_BY_ONE = f"the same without the chain, one by one over {CONNECTIONS} connections: API, relay, PostgreSQL and Kafka together"
BATCHED = f"the same without the chain, in batches of {BATCH}"


@dataclass(frozen=True)
class Counts:
    members: int
    requests: int
    batches: int
    rounds: int


FULL, QUICK = Counts(500, 4_000, 40, 4), Counts(20, 200, 2, 1)


@dataclass
class Side:
    """One API and its relay, over a database of their own."""

    url: str
    database_url: str
    token: str
    files: tuple[Path, Path] = (Path(), Path())
    costs: dict[str, list[float]] = field(default_factory=dict)
    rates: dict[str, list[float]] = field(default_factory=dict)

    def run(self, name: str, requests: int) -> None:
        """Until the relay has sent all of it; the CPU is that of every process here, of which only this side's work."""
        batched = name == "batch"
        target = Target(f"{self.url}/check-ins" + ("/batch" if batched else ""), self.token, self.files[batched])
        before, begun = _spent(), time.monotonic()
        target.load(BATCH_CONNECTIONS if batched else CONNECTIONS, requests).only(207 if batched else 201)
        self.settle()
        events = requests * (BATCH if batched else 1)
        self.costs.setdefault(name, []).append(1e6 * (_spent() - before) / events)
        self.rates.setdefault(name, []).append(events / (time.monotonic() - begun))

    def settle(self) -> None:
        deadline = time.monotonic() + WITHIN_SECONDS
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            while (left := (connection.execute(LEFT).fetchone() or (0,))[0]) and time.monotonic() < deadline:
                time.sleep(0.05)
        if left:
            raise TimeoutError(f"{left} events were not relayed")


def chain(console: Console, quick: bool) -> list[Figure]:
    with place(console) as here:
        return chained(here, QUICK if quick else FULL)


def chained(here: Place, counts: Counts) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        sides = [stack.enter_context(_side(kind, here, Path(folder), counts)) for kind in ("chained", "unchained")]
        for name, requests in (("single", counts.requests), ("batch", counts.batches)):
            _in_turn(sides, name, requests, counts.rounds, here.console)
    ours, without = sides
    return [
        _figure("chain.cost", "µs of CPU", ONE_BY_ONE, ours.costs["single"], without.costs["single"]),
        _figure("chain.rate", "events/s", ONE_BY_ONE, ours.rates["single"], without.rates["single"]),
        _figure("chain.batch.cost", "µs of CPU", BATCHED, ours.costs["batch"], without.costs["batch"]),
        _figure("chain.batch.rate", "events/s", BATCHED, ours.rates["batch"], without.rates["batch"]),
    ]


def _in_turn(sides: Sequence[Side], name: str, requests: int, rounds: int, console: Console) -> None:
    """A first one warms up and is left out; who begins changes from round to round."""
    for turn in range(rounds + 1):
        for side in sides if turn % 2 else reversed(sides):
            side.run(name, requests if turn else max(requests // 10, 1))
            if not turn:
                side.costs[name].clear()
                side.rates[name].clear()
        if turn:
            told = (f"{one.costs[name][-1]:.0f} µs, {one.rates[name][-1]:,.0f}/s" for one in sides)
            console.print(f"  {name}: {', without the chain '.join(told)}")


def _figure(measure: str, unit: str, against: str, ours: Sequence[float], without: Sequence[float]) -> Figure:
    return figure(measure, median(ours), unit, against, median(without))


@contextmanager
def _side(kind: str, here: Place, folder: Path, counts: Counts) -> Iterator[Side]:
    keys, database_url, url = Keys(folder / kind), here.new_database(), f"http://127.0.0.1:{free_port()}"
    keys.folder.mkdir()
    keys.make()
    environment = {
        "CHECKINS_DATABASE_URL": database_url,
        "KAFKA_BOOTSTRAP": here.bootstrap,
        "CHECKINS_URL": url,
        "ALONGSIDE_KEYS": str(keys.folder),
        "ALONGSIDE_RATE_LIMIT": "1000000",
        **keys.local_tokens(),
    }
    topic = f"{kind}{int(database_url.rpartition('_')[2])}.events"
    relay = ("tests.bench.relaying", kind, database_url, here.bootstrap, topic)
    with started(environment, "services.checkins", "api"), started(environment, *relay):
        bodies = asyncio.run(bodies_of(environment, counts.members))
        side = Side(url, database_url, environment["SERVICE_TOKEN"], files_of(keys.folder, bodies))
        side.settle()
        yield side


def _spent() -> float:
    return sum(cpu_seconds(child) for child in psutil.Process().children())
