from __future__ import annotations

from rich.console import Console

from tests.bench.drain import Place
from tests.bench.replay import QUICK, replayed


def test_a_quick_bench_of_replays_ends_with_its_figures(kafka: str, postgres: str) -> None:
    figures = replayed(Place(kafka, postgres, Console(quiet=True)), QUICK, 1)
    assert [one.measure for one in figures] == ["replay.rate", "replay.cost"]
    assert all(one.value > 0 for one in figures)
