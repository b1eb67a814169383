"""Trying a rule set on history from the command line.

It is given Kafka and no event store, and no `follow`: there is nothing here with which an alert could be raised.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.alerts.application import what_if_report
from services.alerts.application.what_if import Span, WhatIf
from services.alerts.application.what_if_report import Report
from services.alerts.domain.rules import RuleSet, WrongRules, read_rules
from services.alerts.views.members import SHIPPED, VIEW
from shared.events import PublicEvent
from shared.events.decoding import AWARE
from shared.kafka.bulk import BulkReader, bulk_reader
from shared.kafka.records import Readable
from shared.kafka.topics import partitions_of
from shared.projection.batch import UNREADABLE, read_batch
from shared.projection.parked import subject_of

Told = Callable[[int], None]
"""Is told how many records more were read."""


@dataclass(frozen=True)
class Question:
    rules: RuleSet
    reported: Span


def question(dry_run: bool, rules: Path, start: str | None, stop: str | None) -> Question:
    """What was asked on the command line. Raises typer.BadParameter, which ends the process with 2."""
    if not dry_run:
        raise typer.BadParameter("--rules needs --dry-run: a rule set is tried here, it takes effect with a release")
    reported = Span(_time("--from", start), _time("--to", stop))
    if reported.start and reported.stop and reported.start >= reported.stop:
        raise typer.BadParameter("--from must be before --to")
    return Question(_rules(rules), reported)


def answer(bootstrap: str, asked: Question, as_json: bool) -> None:
    """Prints on stdout which alerts would differ; progress is on stderr where that is a terminal."""
    report = asyncio.run(_compare(bootstrap, asked))
    if as_json:
        for line in what_if_report.json_lines(report):
            typer.echo(line)
    else:
        what_if_report.show(report, Console())


def _time(option: str, said: str | None) -> datetime | None:
    try:
        return msgspec.convert(said, AWARE | None)
    except msgspec.ValidationError:
        raise typer.BadParameter(f"{option} is no RFC 3339 time with an offset, like 2026-03-01T00:00:00Z") from None


def _rules(file: Path) -> RuleSet:
    try:
        return read_rules(file.read_bytes())
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from None
    except WrongRules as error:
        raise typer.BadParameter(f"{file}: {error}") from None


async def _compare(bootstrap: str, asked: Question) -> Report:
    what_if = WhatIf(SHIPPED, asked.rules, asked.reported)
    async with bulk_reader(bootstrap) as reader:
        ends = {partition: await reader.end(VIEW.topic, partition) for partition in await partitions_of(bootstrap, VIEW.topic)}
        history = History(reader, ends)
        with _bar() as bar:
            task = bar.add_task("history", total=sum(ends.values()))
            async for events in history.read(lambda count: bar.advance(task, count)):
                what_if.take(events)
    return Report(what_if.pairs(), history.events, history.left_out)


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)


class History:
    """The view's topic from its first record to these ends, as the engine takes it: nothing twice, by sequence, and of a
    subject nothing any more after what can't be read (the engine parks it with all that follow)."""

    def __init__(self, reader: BulkReader, ends: Mapping[int, int]) -> None:
        self.events = 0
        self.left_out = 0
        self._reader = reader
        self._ends = ends
        self._waiting: set[bytes] = set()

    async def read(self, told: Told) -> AsyncIterator[list[PublicEvent]]:
        for partition, end in self._ends.items():
            last = UNREADABLE
            async for records in self._reader.read(VIEW.topic, partition, 0, end):
                last, events = self._readable(records, last)
                yield events
                told(len(records))

    def _readable(self, records: Iterable[Readable], last: int) -> tuple[int, list[PublicEvent]]:
        """The events among these records, and the greatest sequence so far."""
        entries = read_batch(records, last, ())
        events: list[PublicEvent] = []
        for record, sequence, event, _ in entries:
            last = max(last, sequence)
            if isinstance(event, Exception):
                self._waiting.add(subject_of(record))
            elif not self._waiting or subject_of(record) not in self._waiting:
                events.append(event)
        self.events += len(events)
        self.left_out += len(entries) - len(events)
        return last, events
