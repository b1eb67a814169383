"""`make faults`: seeded runs of faults on one running system, each held against the pure fold over the event stores.

    python -m tests.faults [--seed 1] [--runs 5] [--seconds 1200]

Ends with 0 only if nothing was lost or doubled and all views are equal. A failing seed can be run alone.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from deploy import Stack
from deploy.layout import CHECKOUT
from deploy.supervision import on_terminate_raise
from tests.conftest import SHORT_SESSION
from tests.faults.run import Found, run

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def faults(
    seed: Annotated[int, typer.Option(min=0)] = 1,
    runs: Annotated[int, typer.Option(min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="No run begins later than this.")] = 1_200,
) -> None:
    """Runs on processes and parts of its own, and leaves nothing running."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(CHECKOUT, Path(folder))
        stack.up(environ={}, extra=SHORT_SESSION)
        try:
            found = asyncio.run(_runs(stack, range(seed, seed + runs), time.monotonic() + seconds))
        finally:
            stack.down()
    typer.echo(summary(found, seed))
    raise typer.Exit(0 if all(one.all_is_well for one in found) else 1)


async def _runs(stack: Stack, seeds: range, until: float) -> list[Found]:
    found: list[Found] = []
    for seed in seeds:
        if time.monotonic() > until:
            break
        begun = time.monotonic()
        found.append(await run(stack, seed))
        print(f"  {'as it must be' if found[-1].all_is_well else 'WRONG'} ({time.monotonic() - begun:.1f} s)", flush=True)
    return found


def summary(found: list[Found], seed: int) -> str:
    """The last line: what the issue asks for, in figures."""
    lost, doubled = sum(len(one.lost) for one in found), sum(len(one.doubled) for one in found)
    differing = sum(len(one.differing) for one in found)
    views = f"{differing} differences" if differing else "views equal"
    counts = f"{len(found)} runs, {sum(one.faults for one in found)} faults"
    return f"{counts}, {lost} lost, {doubled} doubled, {views}; seeds {seed}..{seed + len(found) - 1}"


if __name__ == "__main__":
    on_terminate_raise()
    app()
