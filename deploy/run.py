"""`make run`: everything started, a simulated organisation played through it, and what happened shown on the terminal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from deploy import Stack
from deploy.__main__ import LOCAL
from deploy.__main__ import run as run_command
from deploy.demo import findings
from deploy.demo.client import Client, connected
from deploy.demo.course import simulate
from deploy.demo.findings import Finding
from deploy.demo.play import Played, Player
from deploy.demo.receiver import Receiver
from deploy.demo.simulation import plan
from deploy.layout import CHECKOUT

SEED = 20_261_122
EARLIER = "demo.json"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
console = Console()


@app.command()
def run(once: Annotated[bool, typer.Option(help="End after the simulation.")] = False, state: Path = LOCAL) -> None:
    """Starts everything, plays two simulated weeks, shows what happened; then stays up until Ctrl-C."""
    stack = Stack(CHECKOUT, state)
    was_up = bool(stack.watched())
    with console.status("Starting Kafka, PostgreSQL and the services (the first time also fetches Kafka, 44 MB) ..."):
        environment = stack.up()
    try:
        right = asyncio.run(_play(environment, stack, once))
    finally:
        if not was_up:
            stack.down()
            console.print("Down; the data stays in .local.")
    raise typer.Exit(0 if right or not once else 1)


async def _play(environment: Mapping[str, str], stack: Stack, once: bool) -> bool:
    receiver = Receiver()
    await receiver.start()
    async with connected(environment) as client:
        await _forget_earlier(client, stack.layout.state)
        bars = _bars()
        player = _player(client, receiver, stack, bars)
        try:
            with bars:
                found = await simulate(client, player, receiver, stack.layout.state / EARLIER)
            await _show(environment, player.played, found)
            if not once:
                _show_what_to_try(environment)
                await asyncio.Event().wait()
        finally:
            await player.leave()
            await receiver.stop()
    return all(one.right for one in found)


def _player(client: Client, receiver: Receiver, stack: Stack, bars: Bars) -> Player:
    tasks = {}

    def progress(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=total)
        bars.update(tasks[what], completed=done, total=total)

    return Player(client, plan(SEED, datetime.now(UTC)), receiver, stack.keys, progress)


async def _forget_earlier(client: Client, state: Path) -> None:
    """A simulation that was cut short left people whom nobody answers for; they are erased first."""
    file = state / EARLIER
    if not file.exists():
        return
    for member in json.loads(file.read_text()):
        await client.delete_if_there("checkins", f"/members/{member}")
    file.unlink()


async def _show(environment: Mapping[str, str], played: Played, found: list[Finding]) -> None:
    middle, longest = findings.milliseconds(played)
    console.print(_alert_table(played))
    relayed = await _metric(environment["CHECKINS_RELAY_URL"], "alongside_relayed_events_total")
    console.print(f"{played.check_ins} check-ins stored; {relayed:.0f} events of checkins relayed to Kafka.")
    console.print(
        f"POST to webhook while all the rest is posted: median {middle:.0f} ms, longest {longest:.0f} ms,"
        f" of {len(played.answered)}."
    )
    for one in found:
        sign = "[green]right[/]" if one.right else f"[red]wrong[/]: expected {one.expected}, saw {one.seen}"
        console.print(f"  {one.what}: {sign}")


def _alert_table(played: Played) -> Table:
    table = Table("alert", "tier", "why", "ms", title="Alerts that a simulated supporter answered")
    for answered in played.answered:
        elapsed = 1_000 * (answered.at - played.posted_at[answered.member])
        table.add_row(answered.alert[:8], answered.tier, "; ".join(answered.reasons), f"{elapsed:.0f}")
    return table


async def _metric(url: str, name: str) -> float:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as response:
        lines = (await response.text()).splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


def _show_what_to_try(environment: Mapping[str, str]) -> None:
    for name in ("CHECKINS", "ALERTS", "RECOGNITION", "EVALUATION"):
        console.print(f"  {name.lower():<12} {environment[f'{name}_URL']}")
    console.print("Try (Ctrl-C ends it all):")
    for line in (
        ". .local/env; curl -s $CHECKINS_URL/crisis-lines?country=BE",
        '. .local/env; curl -s -H "Authorization: Bearer $OPS_TOKEN" $ALERTS_URL/alerts?limit=3',
        '. .local/env; curl -s -H "Authorization: Bearer $SERVICE_TOKEN" $RECOGNITION_URL/leaderboards/week?limit=5',
    ):
        console.print(f"  {line}", soft_wrap=True, highlight=False, markup=False)


def _bars() -> Bars:
    return Bars(TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console)


if __name__ == "__main__":
    raise SystemExit(run_command(app))
