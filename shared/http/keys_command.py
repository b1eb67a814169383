"""`python -m services.NAME api-keys issue|list|revoke`: where there is no admin yet, and nobody to ask over HTTP."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

import typer

from shared.auth import SCOPES
from shared.clock import utc_now
from shared.errors import Problem
from shared.process import opened_for_a_command
from shared.store import api_keys
from shared.store.event_store import EventStore

BY = "command line"
MOST = 10_000

Scopes = Annotated[list[str], typer.Option("--scope", help=f"may be given several times: {', '.join(sorted(SCOPES))}")]
Label = Annotated[str, typer.Option("--label", help="a code such as payroll-import")]
Days = Annotated[int, typer.Option("--days", min=1, max=365, help="how long it is good")]


def add_api_keys(cli: typer.Typer, opened: Callable[[], EventStore]) -> None:
    """Adds the three to a service's command line; each writes JSON lines."""
    keys = typer.Typer(help="API keys of this service.", no_args_is_help=True)
    cli.add_typer(keys, name="api-keys")

    @keys.command("issue")
    def issue(scope: Scopes, label: Label, days: Days = 90) -> None:
        """Issues one and shows it, once."""
        if strange := sorted(set(scope) - SCOPES):
            raise typer.BadParameter(f"--scope {strange[0]}: there is no such scope")
        if not api_keys.LABEL.fullmatch(label):
            raise typer.BadParameter(f"--label {label}: a code of small letters, digits, - and _")
        with opened_for_a_command(opened) as store, store.transaction() as cursor:
            _say(api_keys.issue(cursor, scope, label, BY, utc_now(), timedelta(days=days)))

    @keys.command("list")
    def list_all() -> None:
        """Lists all there ever were, without what they are checked by."""
        with opened_for_a_command(opened) as store, store.transaction() as cursor:
            for row in api_keys.page(cursor, MOST, None):
                _say(row)

    @keys.command("revoke")
    def revoke(key: Annotated[str, typer.Argument(help="its id")]) -> None:
        """Ends one within a second, everywhere."""
        try:
            with opened_for_a_command(opened) as store, store.transaction() as cursor:
                _say(api_keys.revoke(cursor, key, utc_now()))
        except Problem as problem:
            raise SystemExit(problem.detail) from None


def _say(row: dict[str, Any]) -> None:
    typer.echo(json.dumps(row, default=str))
