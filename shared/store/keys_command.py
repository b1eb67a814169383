"""`python -m services.NAME keys status | rewrap`: the same in every service; neither says anything of a key but its id."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
import typer

from shared.process import opened_for_a_command
from shared.store.event_store import EventStore
from shared.store.key_encryption import KeyEncryption
from shared.store.rewrapping import Under, rewrap, status

Json = Annotated[bool, typer.Option("--json", help="one JSON object instead of sentences")]
Opened = Callable[[], tuple[EventStore, KeyEncryption]]


def add_keys(cli: typer.Typer, opened: Opened) -> None:
    keys = typer.Typer(help="The keys that wrap the members' keys.", no_args_is_help=True)
    cli.add_typer(keys, name="keys")

    @keys.command("status")
    def show(as_json: Json = False) -> None:
        """How many keys are wrapped under which; ends with 1 where one of these isn't in the key file."""
        store, kek = opened_for_a_command(opened)
        found = status(store, kek)
        _say(as_json, _told(store, kek, found), [_sentence(one, kek.id) for one in found] or ["No keys yet."])
        raise typer.Exit(0 if all(one.opens for one in found) else 1)

    @keys.command("rewrap")
    def wrap_anew(as_json: Json = False) -> None:
        """Wraps every key under the first of the key file, beside what runs; ends with 0 only where none is left."""
        store, kek = opened_for_a_command(opened)
        batches = list(rewrap(store, kek))
        done, failed = sum(batch.rows for batch in batches), sum(batch.failed for batch in batches)
        found = status(store, kek)
        left = sum(one.rows for one in found if one.kek_id != kek.id)
        told = {**_told(store, kek, found), "rewrapped": done, "failed": failed, "left": left}
        sentence = f"{store.service}: {done} keys wrapped under {kek.id}; {left} left under others, {failed} not opened."
        _say(as_json, told, [sentence])
        raise typer.Exit(1 if left else 0)


def _told(store: EventStore, kek: KeyEncryption, found: list[Under]) -> dict[str, Any]:
    return {"service": store.service, "current": kek.id, "keys": found}


def _sentence(one: Under, current: str) -> str:
    kind = "current" if one.kek_id == current else "retired" if one.opens else "NOT IN THE KEY FILE"
    return f"{one.table}: {one.rows} under {one.kek_id} ({kind})"


def _say(as_json: bool, told: dict[str, Any], sentences: list[str]) -> None:
    for line in [msgspec.json.encode(told).decode()] if as_json else sentences:
        typer.echo(line)
