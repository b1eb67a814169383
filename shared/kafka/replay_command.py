"""`python -m services.NAME replays` and `replay`: the same in every service with views; imports only what runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer

from shared.events import event_names
from shared.process import opened_for_a_command
from shared.projection.replays import Ask
from shared.projection.view import View
from shared.settings import Common
from shared.store.event_store import EventStore


class Target(StrEnum):
    SHADOW = "shadow"
    DRY_RUN = "dry-run"


@dataclass(frozen=True)
class Views:
    """One service's views, and how their store is opened."""

    common: Common
    opened: Callable[[], EventStore]
    reader: str
    views: Sequence[View[Any]]


Name = Annotated[str, typer.Option("--view", help="the view to build anew")]
Kind = Annotated[Target | None, typer.Option("--target", help="dry-run: tells what would differ; shadow: to switch to")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="the same as --target dry-run")]
Since = Annotated[str | None, typer.Option("--from", help="report what follows this position or time")]
Until = Annotated[str | None, typer.Option("--to", help="fold nothing after it; what comes of it is compared with now")]
Types = Annotated[list[str] | None, typer.Option("--type", help="report only what these events touched")]
Members = Annotated[list[str] | None, typer.Option("--member", help="report only these members")]
Rate = Annotated[float | None, typer.Option(min=0.1, help="events a second at most")]
Switch = Annotated[bool, typer.Option("--switch", help="switch by itself when it has caught up")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines instead of a progress bar")]


def replay(
    views: Views,
    view: str,
    target: Target,
    asked: dict[str, Any],
    rate: float | None,
    switch: bool,
    as_json: bool,
) -> int:
    """Asks for a replay and works on it; the exit code."""
    given = {name: value for name, value in asked.items() if value}
    _require_known(asked["types"] or (), asked["members"] or ())
    if switch and target is Target.DRY_RUN:
        raise typer.BadParameter("a dry run is never switched to: --switch goes with --target shadow")
    if given and target is Target.SHADOW:
        raise typer.BadParameter("a shadow is built from all of history: leave out --from, --to, --type and --member")
    from shared.kafka.replay_role import replay_now, replaying_of

    replaying = replaying_of(views.common, opened_for_a_command(views.opened), views.reader, views.views)
    return replay_now(replaying, Ask(view, target, "command line", given, rate, switch), as_json)


def _require_known(types: Sequence[str], members: Sequence[str]) -> None:
    if strange := [name for name in types if name not in event_names()]:
        raise typer.BadParameter(f"--type {strange[0]}: there is no such event")
    for member in members:
        try:
            UUID(member)
        except ValueError:
            raise typer.BadParameter(f"--member {member}: no id of a member") from None


def kind_of(target: Target | None, dry_run: bool) -> Target:
    """`--dry-run` is `--target dry-run`, in short, and what is done where nothing is said."""
    if dry_run and target is Target.SHADOW:
        raise typer.BadParameter("--dry-run and --target shadow are different things")
    return target or Target.DRY_RUN


def add_commands(cli: typer.Typer, views: Callable[[], Views]) -> None:
    """Adds both to a service's command line."""
    add_replays(cli, views)
    add_replay(cli, views)


def add_replays(cli: typer.Typer, views: Callable[[], Views]) -> None:

    @cli.command("replays")
    def work_on_replays() -> None:
        """Works on replays that were asked for, and builds views anew for a newer release."""
        from shared.kafka.replay_role import run_replays

        now = views()
        run_replays(now.common, now.opened, now.reader, now.views)


def add_replay(cli: typer.Typer, views: Callable[[], Views]) -> None:
    @cli.command("replay")
    def replay_one(
        view: Name,
        target: Kind = None,
        dry_run: DryRun = False,
        since: Since = None,
        until: Until = None,
        types: Types = None,
        members: Members = None,
        rate: Rate = None,
        switch: Switch = False,
        as_json: Json = False,
    ) -> None:
        """Builds a view anew from its topic."""
        asked = {"from": since, "to": until, "types": types, "members": members}
        raise typer.Exit(replay(views(), view, kind_of(target, dry_run), asked, rate, switch, as_json))
