"""What `verify` says: its progress as a bar or as JSON lines, its verdict, and the exit code."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable

import msgspec
import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from shared.kafka.verifying import Compared, Verdict, Verifying
from shared.process import opened_for_a_command
from shared.settings import Common
from shared.store.event_store import EventStore

FIELDS = ("kind", "sequence", "aggregate", "version", "topic", "after", "said")


AS_IT_WAS, CHANGED, NOT_LOOKED = 0, 1, 2
"""Exit codes. What couldn't be looked at was not tampered with: a job that runs each night must tell them apart."""


def verify_and_tell(service: str, opened: Callable[[Common], EventStore], topic: str, with_kafka: bool, as_json: bool) -> int:
    """AS_IT_WAS, CHANGED where something isn't, NOT_LOOKED where a setting, the database or Kafka wasn't there to say so."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        common = Common.from_environment(service)
        told = Verifying(opened_for_a_command(lambda: opened(common)), topic, common.kafka, with_kafka).run()
        return asyncio.run(_lines(told) if as_json else _bar(service, told))
    except SystemExit as not_opened:
        typer.echo(f"{service} was not verified: {not_opened}", err=True)
    except Exception as error:
        typer.echo(f"{service} was not verified: {type(error).__name__}: {error}", err=True)
    return NOT_LOOKED


async def _lines(told: AsyncIterator[Verdict]) -> int:
    async for verdict in told:
        typer.echo(msgspec.json.encode(_said(verdict)).decode())
    return _code(verdict)


async def _bar(service: str, told: AsyncIterator[Verdict]) -> int:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task(f"{service}'s chain", total=None)
        async for verdict in told:
            bars.update(bar, total=verdict.end, completed=verdict.position)
    typer.echo("\n".join(_words(verdict)))
    return _code(verdict)


def _code(verdict: Verdict) -> int:
    if verdict.found:
        return CHANGED
    return AS_IT_WAS if verdict.compared in (Compared.YES, Compared.NOT_ASKED) or not verdict.end else NOT_LOOKED


def _words(verdict: Verdict) -> list[str]:
    rate = verdict.events / verdict.seconds
    words = [f"{verdict.service}: {verdict.events:,} events in {verdict.seconds:.1f} s ({rate:,.0f} events/s)"]
    if verdict.unchained:
        words.append(f"{verdict.unchained:,} of them are not chained yet: the relay is behind")
    words.append(
        {
            Compared.YES: f"{verdict.heads:,} heads in Kafka say the same, up to {verdict.agreed}",
            Compared.NONE_THERE: "Kafka has no head of this chain: none was compared",
            Compared.AWAY: "Kafka is away: its heads were not compared",
            Compared.NOT_ASKED: "Kafka's heads were not compared",
        }[verdict.compared]
    )
    return [*words, f"NOT AS IT WAS: {verdict.found.said}"] if verdict.found else words


def _said(verdict: Verdict) -> dict[str, object]:
    found = verdict.found
    return {
        "service": verdict.service,
        "position": verdict.position,
        "to": verdict.end,
        "percent": round(100 * verdict.position / verdict.end, 1) if verdict.end else 100.0,
        "events": verdict.events,
        "events_per_second": round(verdict.events / verdict.seconds),
        "unchained": verdict.unchained,
        "heads": verdict.heads,
        "agreed": verdict.agreed,
        "kafka": verdict.compared,
        "found": found and {name: getattr(found, name) for name in FIELDS},
        "done": verdict.done,
    }
