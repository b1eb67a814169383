"""`make faults`: seeded runs of faults on a running system, each held against the pure fold over the event stores.

    python -m tests.faults [--seed 1] [--runs 5]

Ends with 0 only if nothing was lost or doubled and all views are equal. A failing seed can be run alone.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from deploy import Stack
from deploy.layout import CHECKOUT
from deploy.supervision import on_terminate_raise
from tests.conftest import SHORT_SESSION
from tests.faults.run import SETTLES_WITHIN, Found, run

RUNS_ON_ONE_SYSTEM = 25
"""Each run reads all that its system ever stored."""

SOONER = {"EVALUATION_MIX_SECONDS": "0.5", "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1"}
"""Answers are mixed sooner than by default, and a broker that was taken away is back in half the time."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def faults(
    seed: Annotated[int, typer.Option(min=0)] = 1,
    runs: Annotated[int, typer.Option(min=1)] = 5,
) -> None:
    """Runs on processes and parts of its own, and leaves nothing running."""
    seeds, found = iter(range(seed, seed + runs)), list[Found]()
    while len(found) < runs:
        found += _on_one_system(islice(seeds, RUNS_ON_ONE_SYSTEM))
    typer.echo(summary(found, seed))
    raise typer.Exit(0 if all(one.all_is_well for one in found) else 1)


def _on_one_system(seeds: Iterator[int]) -> list[Found]:
    """Up to the first that goes wrong: what it left behind would be the next one's."""
    found: list[Found] = []
    with _system_for(found) as stack:
        for seed in seeds:
            begun = time.monotonic()
            found.append(asyncio.run(run(stack, seed)))
            well, seconds = found[-1].all_is_well, time.monotonic() - begun
            print(f"  {'as it must be' if well else f'WRONG, see {stack.layout.state}'} ({seconds:.1f} s)", flush=True)
            if not well:
                break
    return found


@contextmanager
def _system_for(found: list[Found]) -> Iterator[Stack]:
    """Its logs and data stay where something is found to be wrong."""
    stack = Stack(CHECKOUT, Path(tempfile.mkdtemp(prefix="faults-")))
    try:
        stack.up(environ={}, extra=SHORT_SESSION | SOONER, seconds=SETTLES_WITHIN)
        yield stack
    finally:
        stack.down()
        if all(one.all_is_well for one in found):
            shutil.rmtree(stack.layout.state)


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
