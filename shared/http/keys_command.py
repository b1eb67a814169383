"""`python -m services.NAME api-keys issue|list|revoke`: where there is no admin yet, and nobody to ask over HTTP."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
import typer

from shared.auth import SCOPES
from shared.clock import utc_now
from shared.errors import Problem
from shared.process import opened_for_a_command
from shared.store import api_keys
from shared.store.event_store import EventStore

BY = "command line"
MOST = 10_000
COLUMNS = ("id", "label", "scopes", "created_by", "created_at", "expires_at", "revoked_at")

Scopes = Annotated[list[str], typer.Option("--scope", help=f"may be given several times: {', '.join(sorted(SCOPES))}")]
Label = Annotated[str, typer.Option("--label", help="a code such as payroll-import")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines instead of a table")]
Days = Annotated[int, typer.Option("--days", min=1, max=365, help="how long it is good")]


def add_api_keys(cli: typer.Typer, opened: Callable[[], EventStore], scopes: Callable[[], Collection[str]]) -> None:
    """Adds the three to a service's command line. `scopes` are those that its routes take; times are RFC 3339 in UTC."""
    keys = typer.Typer(help="API keys of this service.", no_args_is_help=True)
    cli.add_typer(keys, name="api-keys")

    @keys.command("issue")
    def issue(scope: Scopes, label: Label, days: Days = 90) -> None:
        """Issues one and shows it, once."""
        if strange := sorted(set(scope) - SCOPES):
            raise typer.BadParameter(f"--scope {strange[0]}: there is no such scope")
        try:
            api_keys.require_useful(scope, scopes())
        except Problem as problem:
            raise typer.BadParameter(f"--scope: {problem.errors[0].detail}") from None
        if not api_keys.LABEL.fullmatch(label):
            raise typer.BadParameter(f"--label {label}: a code of small letters, digits, - and _")
        with opened_for_a_command(opened) as store, store.transaction() as cursor:
            _say(api_keys.issue(cursor, scope, label, BY, utc_now(), timedelta(days=days)))

    @keys.command("list")
    def list_all(as_json: Json = False) -> None:
        """Lists all there ever were, without what they are checked by."""
        with opened_for_a_command(opened) as store, store.transaction() as cursor:
            rows = api_keys.page(cursor, MOST, None)
        for line in map(_json, rows) if as_json else _table(rows):
            typer.echo(line)

    @keys.command("revoke")
    def revoke(key: Annotated[str, typer.Argument(help="its id")]) -> None:
        """Ends one within a second, everywhere."""
        try:
            with opened_for_a_command(opened) as store, store.transaction() as cursor:
                _say(api_keys.revoke(cursor, key, utc_now()))
        except Problem as problem:
            raise SystemExit(problem.detail) from None


def _say(row: dict[str, Any]) -> None:
    typer.echo(_json(row))


def _json(row: dict[str, Any]) -> str:
    return msgspec.json.encode({name: _utc(value) for name, value in row.items()}).decode()


def _utc(value: Any) -> Any:
    """The database gives times in the zone of its session."""
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """A line for each key, under the columns' names."""
    lines = [COLUMNS, *([_cell(row[name]) for name in COLUMNS] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return str(msgspec.to_builtins(_utc(value.replace(microsecond=0))))
    return ",".join(value) if isinstance(value, list) else value or "-"
