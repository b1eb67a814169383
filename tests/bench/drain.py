"""A backlog drained by our engine and by the peers, in turn, from the same topic; then by ours with few and many members."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median

from rich.console import Console

from deploy import start_kafka, start_postgres
from deploy.postgres import create_databases
from tests.bench import draining
from tests.bench.check_ins import Crowd
from tests.bench.draining import Drained
from tests.bench.figures import Figure, figure
from tests.bench.filling import fill

ROUNDS = 3
CROWD = Crowd("bench.members-20000", 300_000, 20_000)
FEW, MANY = Crowd("bench.members-10000", 300_000, 10_000), Crowd("bench.members-1000000", 1_000_000, 1_000_000)
FAUST_EVENTS = 40_000
QUICK = Crowd("bench.members-500", 10_000, 500)
QUICK_FEW, QUICK_MANY = Crowd("bench.members-100", 5_000, 100), Crowd("bench.members-5000", 5_000, 5_000)

QUIX = "quixstreams 3.28 exactly-once, tuned, state store and changelog, every mean produced to a topic"
FAUST = (
    f"a Faust 0.15.3 table agent, at-least-once, memory store, every mean sent to a topic; its first {FAUST_EVENTS:,} events"
)
PLAIN = "plain aiokafka getmany, msgspec, a dict; stores nothing"


@dataclass
class Place:
    """Where the processes of one bench meet."""

    bootstrap: str
    admin_url: str
    console: Console
    _numbers: Iterator[int] = field(default_factory=count)

    def fill(self, crowd: Crowd) -> None:
        asyncio.run(fill(self.bootstrap, crowd))

    def new_database(self) -> str:
        name = f"drain_{next(self._numbers)}"
        return create_databases(self.admin_url, [name])[name]

    def ours(self, crowd: Crowd, database_url: str | None = None) -> Drained:
        """Into an empty database."""
        return self._told("ours", draining.ours(self.bootstrap, crowd.topic, database_url or self.new_database()))

    def replayed(self, crowd: Crowd, database_url: str) -> Drained:
        """What ours has drained into this database."""
        return self._told("replay", draining.replay(self.bootstrap, crowd.topic, database_url))

    def peer(self, name: str, topic: str, events: int) -> Drained:
        return self._told(name, draining.peer(name, self.bootstrap, topic, events))

    def plain_here(self, topic: str, events: int) -> Drained:
        """In our own environment, which has all that it needs."""
        module = "tests.bench.peers.aiokafka_plain"
        return self._told("aiokafka_plain", draining.drained(sys.executable, module, self.bootstrap, topic, str(events)))

    def _told(self, name: str, drained: Drained) -> Drained:
        process = f"{drained.process_seconds:.1f} s with start and stop, {drained.rss_mb:.0f} MB"
        self.console.print(f"  {name:16} {drained.events:9,} events {drained.rate:9,.0f}/s  {process}", soft_wrap=True)
        return drained


@contextmanager
def place(console: Console) -> Iterator[Place]:
    with (
        tempfile.TemporaryDirectory() as folder,
        start_kafka(Path(folder) / "kafka") as bootstrap,
        start_postgres(Path(folder) / "postgres") as admin_url,
    ):
        yield Place(bootstrap, admin_url, console)


def drain(console: Console, quick: bool) -> list[Figure]:
    """Ours and each peer once in each round. A quick one has no peer but plain aiokafka."""
    if not quick:
        draining.make_peers()
    crowd = QUICK if quick else CROWD
    with place(console) as here:
        here.fill(crowd)
        peers: dict[str, Callable[[], Drained]] = {"aiokafka_plain": lambda: here.plain_here(crowd.topic, crowd.events)}
        if not quick:
            peers = {
                "quixstreams_eos": lambda: here.peer("quixstreams_eos", crowd.topic, crowd.events),
                "faust_table": lambda: here.peer("faust_table", crowd.topic, FAUST_EVENTS),
                "aiokafka_plain": lambda: here.peer("aiokafka_plain", crowd.topic, crowd.events),
            }
        return _in_turn(lambda: here.ours(crowd), peers, 1 if quick else ROUNDS)


def _in_turn(ours: Callable[[], Drained], peers: dict[str, Callable[[], Drained]], rounds: int) -> list[Figure]:
    rates: dict[str, list[float]] = {name: [] for name in peers}
    mine: list[float] = []
    for _ in range(rounds):
        mine.append(ours().rate)
        for name, run in peers.items():
            rates[name].append(run().rate)
    against = {"quixstreams_eos": QUIX, "faust_table": FAUST, "aiokafka_plain": PLAIN}
    return [figure(f"drain.{name}", median(mine), "events/s", against[name], median(rates[name])) for name in peers]


def growth(console: Console, quick: bool) -> list[Figure]:
    """Cost and memory where each of 1,000,000 events is another member's, against 10,000 members who come again."""
    few, many = (QUICK_FEW, QUICK_MANY) if quick else (FEW, MANY)
    with place(console) as here:
        here.fill(few)
        here.fill(many)
        small = [here.ours(few) for _ in range(1 if quick else ROUNDS)]
        large = [here.ours(many)]  # long enough to be steady
    against = f"{few.events:,} events of {few.members:,} members; ours: {many.events:,} of {many.members:,}, each a new one"
    return [
        figure("growth.cost", _cost(large), "µs/event", against, _cost(small)),
        figure("growth.rss_mb", max(one.rss_mb for one in large), "MB", against, max(one.rss_mb for one in small)),
    ]


def _cost(runs: Sequence[Drained]) -> float:
    return median(one.cost for one in runs)
