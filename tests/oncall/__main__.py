"""`make oncall`: simulated days of on-call, and who may never hear of an alert, each held against what the practice asks.

python -m tests.oncall days [--seed 1] [--runs 1]
python -m tests.oncall recusal [--cases 1000000] [--seed 1]
"""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from typing import Annotated

import typer

from tests.oncall.days import live
from tests.oncall.recusal import violations

WORKERS = 2
SHOWN = 20

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
Seed = Annotated[int, typer.Option(min=0)]


@app.command()
def days(seed: Seed = 1, runs: Annotated[int, typer.Option(min=1)] = 1) -> None:
    """Ends with 0 only if every promise was kept in every run."""
    lived = [live(one) for one in range(seed, seed + runs)]
    for each in lived:
        typer.echo("\n".join(each.lines()))
    raise typer.Exit(0 if all(each.holds for each in lived) else 1)


@app.command()
def recusal(cases: Annotated[int, typer.Option(min=WORKERS)] = 1_000_000, seed: Seed = 1) -> None:
    """Ends with 0 only if nobody was asked who may not be, and nobody passed over who may."""
    began, each = time.perf_counter(), cases // WORKERS
    with ProcessPoolExecutor(WORKERS) as workers:
        parts = list(workers.map(violations, range(seed, seed + WORKERS), [each] * WORKERS))
    found = [one for _, ones in parts for one in ones]
    typer.echo("\n".join(found[:SHOWN]), nl=bool(found))
    judged, seconds = sum(judged for judged, _ in parts), time.perf_counter() - began
    typer.echo(f"{each * WORKERS:,} cases, {judged:,} people judged, {len(found)} violations in {seconds:.0f} s; seed {seed}")
    raise typer.Exit(1 if found else 0)


if __name__ == "__main__":
    app()
