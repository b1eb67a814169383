"""The role that works on replays, and the command that asks for one and works on it itself."""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from shared.clock import utc_now
from shared.errors import Problem
from shared.kafka.replay_window import Window
from shared.kafka.replaying import Replaying
from shared.process import Role, run_role
from shared.projection.replays import Ask, State
from shared.projection.telling import shown
from shared.projection.view import View
from shared.settings import Common
from shared.store.event_store import EventStore

INTERRUPTED = 130
"""As shells say it."""

WENT_WELL = (State.DONE, State.FOLLOWING, State.SWITCHED, State.ROLLED_BACK)


def replaying_of(common: Common, store: EventStore, reader: str, views: Sequence[View[Any]]) -> Replaying:
    return Replaying(store, common.database_url, reader, views, common.kafka, utc_now)


def run_replays(common: Common, opened: Callable[[], EventStore], reader: str, views: Sequence[View[Any]]) -> None:
    """Works on replays until SIGTERM or SIGINT."""

    def role() -> Role:
        replaying = replaying_of(common, opened(), reader, views)
        return Role(replaying.ready, replaying.run)

    run_role(common, "replays", role)


def replay_now(replaying: Replaying, ask: Ask, as_json: bool) -> int:
    """Asks for a replay and works on it, with a progress bar on a terminal; the exit code. What is killed here goes on in the
    role that works on replays."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        Window.read(ask.asked, replaying.publisher_of(ask.view))
        row = asyncio.run(_through(replaying, ask, as_json))
    except (Problem, ValueError) as wrong:
        typer.echo(wrong.detail if isinstance(wrong, Problem) else str(wrong), err=True)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    tell = Console().print_json if not as_json else typer.echo
    tell(msgspec.json.encode(shown(row)).decode())
    return 0 if row["state"] in WENT_WELL else 1


async def _through(replaying: Replaying, ask: Ask, as_json: bool) -> Mapping[str, Any]:
    row = await replaying.start(ask)
    try:
        with _progress(as_json) as progress:
            bar = progress.add_task(ask.view, speed="0", total=None)

            def told(now: Mapping[str, Any]) -> None:
                if as_json:
                    typer.echo(msgspec.json.encode(shown(now)).decode())
                how_far = {"completed": now["done"], "total": now["total"], "speed": f"{now['events_per_second']:,.0f}"}
                progress.update(bar, description=f"{ask.view} {now['state']}", **how_far)

            await replaying.work(row, told, leave_following=True)
    except asyncio.CancelledError:
        typer.echo(f"It goes on where the role `replays` runs; POST /replays/{row['id']}/cancel ends it.", err=True)
        raise
    return await asyncio.to_thread(replaying.replays.get, row["id"])


def _progress(as_json: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[speed]} events/s"))
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), disable=as_json)
