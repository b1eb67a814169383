"""`make canaries`: posts strings that nobody may find into every field and every wrong place, on a system of its own, with
processes killed, alerts answered and histories replayed, and then looks for them everywhere.

    python -m tests.canaries [--seed 1]

Ends with 0 only if none was found. There are no traces here: nothing exports any, so that there is no place to search.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from deploy import Stack
from deploy.layout import CHECKOUT
from deploy.supervision import on_terminate_raise
from tests.canaries.belonging import Belonging
from tests.canaries.canary import Canaries
from tests.canaries.misplaced import Misplaced
from tests.canaries.operating import Operating
from tests.canaries.poster import Poster
from tests.canaries.scene import Scene, receiving
from tests.canaries.searching import Searched, search
from tests.canaries.speaker import Speaker
from tests.conftest import SHORT_SESSION

READY_WITHIN = 300
SHOWN_HITS = 20

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(seed: Annotated[int, typer.Option(min=0)] = 1) -> None:
    """Runs on processes and parts of its own, and leaves nothing running; the data only where something was found."""
    state = Path(tempfile.mkdtemp(prefix="canaries-"))
    stack = Stack(CHECKOUT, state)
    try:
        stack.up(environ={}, extra=SHORT_SESSION | temporary_folder(state), seconds=READY_WITHIN)
        scene, found = run(stack, seed)
    finally:
        stack.down()
    Console(width=120).print(table(found))
    hits = [(searched.place, *hit) for searched in found for hit in searched.hits]
    for hit in hits[:SHOWN_HITS]:
        typer.echo("  ".join(hit))
    typer.echo(
        f"{len(scene.canaries.labels)} canaries in {scene.posted} requests, {len(found)} kinds of place, {len(hits)} hits"
    )
    if not hits:
        shutil.rmtree(state)
    raise typer.Exit(1 if hits else 0)


def temporary_folder(state: Path) -> dict[str, str]:
    """For the processes: what they leave there is searched too."""
    folder = state / "tmp"
    folder.mkdir(mode=0o777, exist_ok=True)
    return {"TMPDIR": str(folder)}


def run(stack: Stack, seed: int) -> tuple[Scene, list[Searched]]:
    """Posts everything to a stack that is up, and searches."""
    scene = Scene(stack, Canaries.of(seed))
    poster = Poster(scene)
    try:
        with receiving(scene) as tool:
            who = Speaker(scene, poster, tool)
            for part in (Belonging(who), Misplaced(who), Operating(who)):
                part.run()
            return scene, search(scene)
    finally:
        poster.close()


def table(found: list[Searched]) -> Table:
    shown = Table("kind of place", *(Column(name, justify="right") for name in ("pieces", "bytes", "hits")))
    for one in found:
        shown.add_row(one.place, f"{one.pieces:,}", f"{one.size:,}", str(len(one.hits)))
    return shown


if __name__ == "__main__":
    on_terminate_raise()
    app()
