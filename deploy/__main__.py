"""`python -m deploy up | down | status | token`: what the Makefile calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from deploy import CannotStart, Keys, Stack, Status, jars
from deploy.layout import CHECKOUT
from deploy.supervision import on_terminate_raise

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
State = Annotated[Path, typer.Option(help="The folder for everything a run leaves behind.")]
LOCAL = CHECKOUT / ".local"


@app.command()
def up(state: State = LOCAL) -> None:
    """Starts everything and returns when all of it is ready."""
    begun = time.monotonic()
    stack = Stack(CHECKOUT, state)
    was_up = bool(stack.watched())
    if not was_up:
        typer.echo("Starting (the first time this also fetches Kafka, 44 MB) ...")
    before = {one.name: one.pid for one in stack.status()}
    environment = stack.up()
    same = before == {one.name: one.pid for one in stack.status()}
    typer.echo("Already up." if same else f"Up ({time.monotonic() - begun:.1f} s).")
    for name in sorted(key for key in environment if key.endswith("_URL") and environment[key].startswith("http")):
        typer.echo(f"  {name:<24} {environment[name]}")
    typer.echo(f"  . {stack.layout.env} exports these, the databases and the tokens.")


@app.command()
def down(state: State = LOCAL) -> None:
    """Stops exactly what `up` started; the data stays."""
    Stack(CHECKOUT, state).down()
    typer.echo("Down.")


@app.command()
def status(state: State = LOCAL) -> None:
    """Shows each process; ends with 0 only if all are well."""
    stack = Stack(CHECKOUT, state)
    found = stack.status()
    if not found:
        typer.echo("Down: 'make up' starts it.")
        raise typer.Exit(1)
    Console().print(_table(found))
    if not stack.supervised():
        typer.echo("The supervisor has died, so nothing is restarted any more: 'make up' puts that right.")
        raise typer.Exit(1)
    raise typer.Exit(0 if all(one.green for one in found) else 1)


@app.command()
def token(role: Annotated[str, typer.Option()], member: Annotated[str, typer.Option()], state: State = LOCAL) -> None:
    """Prints a person's token, and nothing else."""
    typer.echo(Keys(state / "keys").persons_token(role, member))


@app.command("rotate-kek")
def rotate_kek(state: State = LOCAL) -> None:
    """A new key-encryption key, first in its file; then each service: `python -m services.NAME keys rewrap`."""
    Keys(state / "keys").rotate()


@app.command(hidden=True)
def lock() -> None:
    """Resolves Kafka's jars anew (`make lock`)."""
    jars.write_lock()


def _table(found: list[Status]) -> Table:
    table = Table("process", "pid", "state", Column("address", overflow="fold"))
    for one in found:
        state = "[green]ready[/]" if one.green else f"[red]{one.problem}[/]"
        table.add_row(one.name, str(one.pid or "-"), state, _without_password(one.address))
    return table


def _without_password(address: str) -> str:
    scheme, at, place = address.rpartition("@")
    return f"{scheme.split('://')[0]}://{place}" if at else address


def run(command: Callable[[], None]) -> int:
    """What cannot start is told in a sentence; Ctrl-C has its usual exit code."""
    on_terminate_raise()
    try:
        command()
    except CannotStart as error:
        typer.echo(f"\n{error}", err=True)
        return 1
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(run(app))
