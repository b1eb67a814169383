"""What is sealed in checkins opens in its own place only; and the key that wraps the keys is changed while the API runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from prometheus_client import REGISTRY

from deploy import Keys
from services.checkins.__main__ import SCHEMA
from services.checkins.domain import CheckInRecorded, MemberEnrolled, MemberRenamed
from shared.store.encryption import DataKeys, MemberKeys
from shared.store.event_store import EventStore
from shared.store.key_encryption import KeyFile
from shared.store.sealing import place, unseal
from tests.checkins.serving import Served, made_keys, serve
from tests.conftest import ROOT

NOTE = "I can't face the night shift"


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return made_keys(tmp_path)


@pytest.fixture
def own(new_database: Callable[[], str], keys: Keys) -> Iterator[Served]:
    """An API of the test's own, whose key file may be changed."""
    with serve(new_database(), keys) as served:
        yield served


@pytest.fixture
def store(own: Served) -> Iterator[EventStore]:
    with EventStore("checkins", own.database_url, SCHEMA) as store:
        yield store


def command(served: Served, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Its exit code and what it says."""
    environment = {
        "CHECKINS_DATABASE_URL": served.database_url,
        "CHECKINS_URL": served.url,
        "KAFKA_BOOTSTRAP": "none:1",
        "ALONGSIDE_KEYS": str(served.keys.folder),
    }
    line = (sys.executable, "-m", "services.checkins", "keys", *arguments, "--json")
    done = subprocess.run(line, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def notes(served: Served, member: str) -> list[str]:
    answer = served.http.get(f"/members/{member}/check-ins", headers=served.as_person(member))
    assert answer.status_code == 200, answer.text
    return [item["note"] for item in answer.json()["items"]]


def under(told: dict[str, Any]) -> set[str]:
    return {row["kek_id"] for row in told["keys"]}


def test_an_old_name_put_in_the_place_of_the_new_one_opens_nothing(own: Served, store: EventStore) -> None:
    member = UUID(own.enrol(name="Ada"))
    own.http.patch(f"/members/{member}", json={"team": "day", "name": "Augusta"})
    key = MemberKeys(store, KeyFile(own.keys.folder / "kek")).of([member])[member]
    events = [event for event in store.load(member) if isinstance(event, MemberEnrolled | MemberRenamed)]
    places = [place("checkins", member, event.originator_version, "name") for event in events]
    assert [event.originator_version for event in events] == [1, 3]
    assert [unseal(key, event.name, there) for event, there in zip(events, places, strict=True)] == [b"Ada", b"Augusta"]
    with pytest.raises(InvalidTag):
        unseal(key, events[0].name, places[1])


def test_of_a_note_that_was_changed_it_is_said_that_it_was_and_the_rest_is_told(
    own: Served, capfd: pytest.CaptureFixture[str]
) -> None:
    member = own.enrol()
    one, other = [own.check_in(member, note=f"{NOTE} {number}").json()["id"] for number in range(2)]
    own.rows("UPDATE check_ins SET note = (SELECT note FROM check_ins WHERE id = %s) WHERE id = %s", one, other)
    short = own.check_in(member, note=NOTE).json()["id"]
    own.rows("UPDATE check_ins SET note = 'x' WHERE id = %s", short)
    me, before = own.as_person(member), unreadable()
    record = own.http.get(f"/members/{member}/check-ins", headers=me).json()["items"]
    held = own.http.get(f"/members/{member}/held", headers=me).json()["held"]["check_ins"]
    for shown in ({item["id"]: item for item in items} for items in (record, held)):
        assert (shown[one]["note"], "unreadable" in shown[one]) == (f"{NOTE} 0", False)
        assert [(shown[id_]["note"], shown[id_]["unreadable"], shown[id_]["mood"]) for id_ in (other, short)] == [
            (None, True, 3)
        ] * 2
    assert unreadable() - before == 4
    said = capfd.readouterr().out
    assert f"checkins/{other}/1/note" in said
    assert NOTE not in said


def unreadable() -> float:
    return REGISTRY.get_sample_value("alongside_unreadable_texts_total", {"service": "checkins"}) or 0.0


def test_the_api_serves_on_while_the_key_that_wraps_is_changed(own: Served, keys: Keys) -> None:
    early = own.enrol()
    own.http.post("/check-ins", json={"member": early, "mood": 3, "note": NOTE}, headers={"Idempotency-Key": "early"})
    retired = command(own, "status")[1]["current"]
    keys.rotate()
    between = own.enrol()
    own.check_in(between, note=NOTE)
    code, told = command(own, "status")
    assert (code, under(told)) == (0, {retired, told["current"]})
    code, told = command(own, "rewrap")
    assert (code, under(told), told["failed"]) == (0, {told["current"]}, 0)
    assert told["rewrapped"] == 3  # early's key, and those of kept answers and of fingerprints
    (keys.folder / "kek").write_text((keys.folder / "kek").read_text().splitlines()[0])
    late = own.enrol()
    for member in (early, between, late):
        own.check_in(member, note=NOTE)
    assert [len(notes(own, member)) for member in (early, between, late)] == [2, 2, 1]
    with serve(own.database_url, keys) as again:
        assert [set(notes(again, member)) for member in (early, between, late)] == [{NOTE}] * 3
        body = {"member": early, "mood": 3, "note": NOTE}
        again.http.post("/check-ins", json=body, headers={"Idempotency-Key": "early"})
        assert len(notes(again, early)) == 2


def test_a_key_that_was_taken_away_too_early_is_told_and_fails_the_command(own: Served, keys: Keys) -> None:
    own.enrol()
    keys.rotate()
    (keys.folder / "kek").write_text((keys.folder / "kek").read_text().splitlines()[0])
    code, told = command(own, "status")
    assert (code, [row["opens"] for row in told["keys"]]) == (1, [False, False])
    code, told = command(own, "rewrap")
    assert (code, told["rewrapped"], told["failed"], told["left"]) == (1, 0, 3, 3)


def test_a_key_file_that_everybody_can_open_ends_a_command_with_a_sentence(own: Served, keys: Keys) -> None:
    (keys.folder / "kek").chmod(0o644)
    with pytest.raises(AssertionError, match="is open to everybody"):
        command(own, "status")


def test_no_key_that_is_left_opens_what_an_erased_member_wrote(own: Served, store: EventStore) -> None:
    ada, ben = own.enrol(), own.enrol()
    own.http.post("/check-ins", json={"member": ada, "mood": 3, "note": NOTE}, headers={"Idempotency-Key": "once"})
    own.http.delete(f"/members/{ada}", headers=own.admin())
    kek = KeyFile(own.keys.folder / "kek")
    left = [*MemberKeys(store, kek).of([UUID(ada), UUID(ben)]).values()]
    left += [DataKeys(store, kek).of(row["name"]) for row in own.rows("SELECT name FROM data_keys")]
    assert len(left) == 3
    (recorded,) = (event for _, event in store.notifications(0, 100) if isinstance(event, CheckInRecorded))
    assert recorded.note
    for key in left:
        with pytest.raises(InvalidTag):
            unseal(key, recorded.note, place("checkins", recorded.originator_id, 1, "note"))
    assert [bytes(row["answer"]) for row in own.rows("SELECT answer FROM idempotent_answers")] == [b""]
