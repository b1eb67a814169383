from __future__ import annotations

from rich.console import Console

from tests.bench.chain import chain
from tests.bench.figures import Figure


def test_a_quick_bench_of_the_chain_ends_with_its_figures() -> None:
    figures: list[Figure] = chain(Console(quiet=True), quick=True)
    assert [one.measure for one in figures] == ["chain.cost", "chain.rate", "chain.batch.cost", "chain.batch.rate"]
    assert all(one.value > 0 for one in figures)
