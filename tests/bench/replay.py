"""A view of 1,000,000 check-ins built anew beside the live one, in turn with a drain and with plain aiokafka."""

from __future__ import annotations

from statistics import median

from rich.console import Console

from tests.bench.check_ins import Crowd
from tests.bench.drain import PLAIN, Place, place
from tests.bench.draining import Drained
from tests.bench.figures import Figure, figure

ROUNDS = 2  # each is long enough to be steady
CROWD = Crowd("bench.replayed", 1_000_000, 20_000)
QUICK = Crowd("bench.replayed-quick", 10_000, 500)
DRAINED = "our drain of the same topic into an empty database, where no view is compared or switched"


def replay(console: Console, quick: bool) -> list[Figure]:
    """Of a view in which every event changes a row: from asking for it until it was compared key by key and switched to."""
    with place(console) as here:
        return replayed(here, QUICK if quick else CROWD, 1 if quick else ROUNDS)


def replayed(here: Place, crowd: Crowd, rounds: int) -> list[Figure]:
    here.fill(crowd)
    replays: list[Drained] = []
    drains: list[Drained] = []
    plain: list[Drained] = []
    for _ in range(rounds):
        url = here.new_database()
        drains.append(here.ours(crowd, url))
        replays.append(here.replayed(crowd, url))
        plain.append(here.plain_here(crowd.topic, crowd.events))
    return [
        figure("replay.rate", _rate(replays), "events/s", PLAIN, _rate(plain)),
        figure("replay.cost", _cost(replays), "µs/event", DRAINED, _cost(drains)),
    ]


def _rate(runs: list[Drained]) -> float:
    return median(one.rate for one in runs)


def _cost(runs: list[Drained]) -> float:
    return median(one.cost for one in runs)
