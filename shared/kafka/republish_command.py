"""`relay --from`: a service's history to Kafka once more, with its progress as a bar or as JSON lines."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable

import msgspec
import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from shared.kafka.relay import Translate
from shared.kafka.relay_options import sequence_in
from shared.kafka.republishing import NothingThere, Progress, republish
from shared.process import opened_for_a_command
from shared.settings import Common
from shared.store.event_store import EventStore


def run_republishing(
    common: Common, opened: Callable[[], EventStore], topic: str, translate: Translate, start: str, as_json: bool
) -> None:
    """Returns once everything is acknowledged. Exits with 2 where `start` can't be meant, with 1 where it failed."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    after = sequence_in(start, common.service)
    told = republish(common, opened_for_a_command(opened), topic, translate, after)
    try:
        asyncio.run(_lines(common.service, told) if as_json else _bar(common.service, told))
    except NothingThere as refused:
        raise typer.BadParameter(str(refused), param_hint="--from") from refused
    except Exception as error:
        typer.echo(f"{common.service} was not sent again: {type(error).__name__}: {error}", err=True)
        raise typer.Exit(1) from error


async def _lines(service: str, told: AsyncIterator[Progress]) -> None:
    async for progress in told:
        typer.echo(_line(service, progress))


def _line(service: str, progress: Progress) -> str:
    left = progress.seconds_left
    said = {
        "service": service,
        "from": progress.start,
        "position": progress.position,
        "to": progress.end,
        "percent": round(progress.percent, 1),
        "events_per_second": round(progress.events_per_second),
        "eta_seconds": None if left is None else round(left, 1),
        "done": progress.done,
    }
    return msgspec.json.encode(said).decode()


async def _bar(service: str, told: AsyncIterator[Progress]) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rate]:,.0f}/s"))
    with Bars(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bars:
        bar = bars.add_task(f"{service} to Kafka", total=None, rate=0.0)
        async for progress in told:
            total = progress.end - progress.start
            bars.update(bar, total=total, completed=progress.events, rate=progress.events_per_second)
    rate = f"{progress.events_per_second:,.0f} events/s"
    typer.echo(f"{service}: {progress.events:,} events sent again in {progress.seconds:.1f} s ({rate})")
