"""`make fuzz`: odd requests at every service's real process, over a real PostgreSQL; each answer must be a documented one.

    python -m tests.fuzz [--requests 10000] [--seed 1] [--service NAME]

Half come from the OpenAPI document by schemathesis, by the schema and against it; half are our own, which no schema can say.
Ends with 0 only if there was no 500, and status, media type and body of every answer are as the document says.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from deploy import Keys, database_url, start_kafka, start_postgres
from deploy.contracts.apps import services_with_an_api
from deploy.supervision import on_terminate_raise
from tests.fuzz.fuzzing import Outcome, fuzz
from tests.fuzz.serving import served

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    requests: Annotated[int, typer.Option(min=1, help="to each service, at least")] = 10_000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    service: Annotated[str | None, typer.Option(help="one of them alone")] = None,
) -> None:
    """Runs on processes and parts of its own, and leaves nothing running."""
    names = [service] if service else services_with_an_api()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        outcomes = run(names, requests, seed, Path(folder))
    Console(width=140).print(table(outcomes))
    for outcome in outcomes:
        for finding in outcome.findings:
            typer.echo(f"{outcome.service}: {finding}")
    raise typer.Exit(0 if all(outcome.is_well for outcome in outcomes) else 1)


def run(names: list[str], requests: int, seed: int, folder: Path) -> list[Outcome]:
    keys = Keys(folder / "keys")
    keys.folder.mkdir()
    keys.make()
    with start_kafka(folder / "kafka") as kafka, start_postgres(folder / "postgres", databases=names) as admin:
        return [fuzz_one(name, requests, seed, keys, database_url(admin, name), kafka) for name in names]


def fuzz_one(name: str, requests: int, seed: int, keys: Keys, url: str, kafka: str) -> Outcome:
    with served(name, keys, url, kafka) as service:
        return fuzz(service, requests, seed)


def table(outcomes: list[Outcome]) -> Table:
    statuses = sorted({status for outcome in outcomes for status in outcome.statuses})
    shown = Table(
        "service", Column("requests", justify="right"), *(Column(str(each), justify="right") for each in statuses), "wrong"
    )
    for outcome in outcomes:
        counts = [str(outcome.statuses.get(status, "")) for status in statuses]
        shown.add_row(outcome.service, str(outcome.statuses.total()), *counts, str(len(outcome.findings)))
    return shown


if __name__ == "__main__":
    on_terminate_raise()
    app()
