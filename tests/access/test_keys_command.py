from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from services.alerts.api import SCOPES
from shared.auth.api_keys import caller_of, id_in
from shared.http.keys_command import add_api_keys
from shared.store.api_keys import KeyRing
from shared.store.event_store import EventStore
from tests.access.house import House

LABEL = ("--label", "boot")


def run(house: House, *arguments: str) -> Any:
    """On a store of the command's own, which it closes."""
    cli = typer.Typer()
    add_api_keys(cli, lambda: EventStore("alerts", house.world.database_url), lambda: SCOPES)
    cli.callback()(lambda: None)
    return CliRunner().invoke(cli, ["api-keys", *arguments])


def test_a_key_is_issued_listed_and_revoked_without_an_admin(house: House) -> None:
    done = run(house, "issue", "--scope", "alerts:read", *LABEL)
    assert done.exit_code == 0, done.output
    key = json.loads(done.output)
    ring = KeyRing(house.world.store)
    ring.read()
    assert caller_of(key["key"], ring.get(id_in(key["key"])), house.clock()).scopes == {"alerts:read"}
    listed = run(house, "list").output
    assert key["id"] in listed
    assert key["key"] not in listed
    assert run(house, "revoke", key["id"]).exit_code == 0
    ring.forget()
    ring.read()
    assert ring.get(key["id"]) is None


def test_what_there_is_not_is_refused(house: House) -> None:
    assert run(house, "issue", "--scope", "root", *LABEL).exit_code != 0
    assert run(house, "issue", "--scope", "alerts:read", "--label", "A name").exit_code != 0
    assert run(house, "revoke", "0" * 16).exit_code != 0


def test_a_scope_that_no_route_of_the_service_takes_is_refused_with_those_of_use_there(house: House) -> None:
    done = run(house, "issue", "--scope", "members:write", "--scope", "alerts:read", *LABEL)
    assert done.exit_code != 0
    assert "no route here takes members:write; of use here: alerts:read" in " ".join(done.output.replace("│", "").split())


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_the_list_is_lines_of_json_or_a_table_and_its_times_are_rfc_3339_in_utc(
    house: House, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGTZ", zone)
    key = json.loads(run(house, "issue", "--scope", "alerts:read", *LABEL).output)
    assert key["expires_at"].endswith("Z")
    row = next(row for row in map(json.loads, run(house, "list", "--json").output.splitlines()) if row["id"] == key["id"])
    assert (row["expires_at"], row["revoked_at"], row["scopes"]) == (key["expires_at"], None, ["alerts:read"])
    created = datetime.fromisoformat(row["created_at"]).replace(microsecond=0)
    head, *lines = run(house, "list").output.splitlines()
    assert head.split() == ["id", "label", "scopes", "created_by", "created_at", "expires_at", "revoked_at"]
    (line,) = (line for line in lines if key["id"] in line)
    assert created.isoformat().replace("+00:00", "Z") in line.split()
