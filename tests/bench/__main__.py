"""`make bench`: figures measured on this machine, each beside something to compare it with, as a table and as JSON.

    python -m tests.bench [--requests 500] [--out .local/bench.json]

`ratio` is ours over what it is held against.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy import Stack
from deploy.__main__ import LOCAL
from deploy.layout import CHECKOUT
from tests.bench.latency import idle_latency

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
console = Console()


@dataclass(frozen=True)
class Figure:
    """One measurement. `against` says what `ratio` compares it with."""

    measure: str
    value: float
    unit: str
    against: str
    ratio: float


@app.command()
def bench(requests: Annotated[int, typer.Option(min=10)] = 500, out: Path = LOCAL / "bench.json") -> None:
    """Measures on processes and parts of its own, and leaves nothing running."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(CHECKOUT, Path(folder))
        stack.up(environ={})
        try:
            figures = list(_latency(stack, requests))
        finally:
            stack.down()
    _show(figures)
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")


def _latency(stack: Stack, requests: int) -> Iterable[Figure]:
    measured = asyncio.run(idle_latency(stack, requests))
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        ours, bare = measured.whole_way(share), measured.bare_post(share)
        yield Figure(f"latency.{name}_ms.idle", round(ours, 1), "ms", "a bare POST to the same receiver", round(ours / bare, 1))


def _show(figures: list[Figure]) -> None:
    table = Table("measure", "value", "unit", "against", "ratio")
    for figure in figures:
        table.add_row(figure.measure, str(figure.value), figure.unit, figure.against, str(figure.ratio))
    console.print(table)


if __name__ == "__main__":
    app()
