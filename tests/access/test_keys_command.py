from __future__ import annotations

import json
from typing import Any

import typer
from typer.testing import CliRunner

from shared.auth.api_keys import caller_of, id_in
from shared.http.keys_command import add_api_keys
from shared.store.api_keys import KeyRing
from shared.store.event_store import EventStore
from tests.access.house import House

LABEL = ("--label", "boot")


def run(house: House, *arguments: str) -> Any:
    """On a store of the command's own, which it closes."""
    cli = typer.Typer()
    add_api_keys(cli, lambda: EventStore("alerts", house.world.database_url))
    cli.callback()(lambda: None)
    return CliRunner().invoke(cli, ["api-keys", *arguments])


def test_a_key_is_issued_listed_and_revoked_without_an_admin(house: House) -> None:
    done = run(house, "issue", "--scope", "members:write", *LABEL)
    assert done.exit_code == 0, done.output
    key = json.loads(done.output)
    ring = KeyRing(house.world.store)
    ring.read()
    assert caller_of(key["key"], ring.get(id_in(key["key"])), house.clock()).scopes == {"members:write"}
    listed = run(house, "list").output
    assert key["id"] in listed
    assert key["key"] not in listed
    assert run(house, "revoke", key["id"]).exit_code == 0
    ring.forget()
    ring.read()
    assert ring.get(key["id"]) is None


def test_what_there_is_not_is_refused(house: House) -> None:
    assert run(house, "issue", "--scope", "root", *LABEL).exit_code != 0
    assert run(house, "issue", "--scope", "members:write", "--label", "A name").exit_code != 0
    assert run(house, "revoke", "0" * 16).exit_code != 0
