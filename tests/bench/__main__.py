"""`make bench`: figures measured on this machine, each beside something to compare it with, as a table and as JSON.

    python -m tests.bench [--quick] [--only drain,growth,ingest,chain,latency,replay,shadow] [--out .local/bench.json]

`ratio` is ours over what it is held against (`growth.*`: many members over few).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.__main__ import LOCAL
from tests.bench.chain import chain
from tests.bench.drain import drain, growth
from tests.bench.figures import Figure, keep, show
from tests.bench.ingest import ingest
from tests.bench.latency import latency
from tests.bench.replay import replay
from tests.bench.shadow import shadow

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
console = Console()

GROUPS: dict[str, Callable[[Console, bool], list[Figure]]] = {
    "drain": drain,
    "growth": growth,
    "ingest": ingest,
    "chain": chain,
    "latency": latency,
    "replay": replay,
    "shadow": shadow,
}


@app.command()
def bench(
    quick: Annotated[bool, typer.Option(help="small counts, no peers: that it runs, not how fast")] = False,
    only: Annotated[str, typer.Option(help="groups, with commas between them")] = ",".join(GROUPS),
    out: Path = LOCAL / "bench.json",
) -> None:
    """Measures on processes and parts of its own, and leaves nothing running."""
    wanted = only.split(",")
    if unknown := set(wanted) - GROUPS.keys():
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(GROUPS)}")
    begun, figures = time.monotonic(), []
    for name in wanted:
        console.print(f"{name} ...")
        figures += GROUPS[name](console, quick)
    show(figures, console)
    keep(figures, out)
    console.print(f"{time.monotonic() - begun:.0f} s, kept in {out}")


if __name__ == "__main__":
    app()
