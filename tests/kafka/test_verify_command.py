"""`verify` as whoever runs it meets it: words, JSON lines, exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from services.checkins.__main__ import SCHEMA
from services.checkins.relay import TOPIC
from shared.kafka.relay_position import RelayPosition
from shared.store.chain import genesis, links_after
from shared.store.event_store import EventStore
from tests.architecture.tree import ROOT, services
from tests.kafka.test_relay import check_ins


async def test_the_command_says_what_it_found_and_ends_accordingly(
    new_database: Callable[[], str], kafka: str, tmp_path: Path
) -> None:
    url, away = new_database(), "127.0.0.1:1"
    with EventStore("checkins", url, SCHEMA) as store:
        ids = await asyncio.to_thread(store.record, check_ins(10))
        position = RelayPosition(store, TOPIC)
        position.move(ids[-1], links_after(genesis("checkins"), store.stored(0, 100)))
        code, out, _ = await _verify(url, away, tmp_path, "--json")
        (said,) = map(json.loads, out.splitlines())
        assert (code, said["events"], said["kafka"], said["found"], said["done"]) == (2, 10, "away", None, True)
        assert (await _verify(url, away, tmp_path, "--without-kafka"))[0] == 0
        code, out, _ = await _verify(url, away, tmp_path)
        assert (code, "Kafka is away: its heads were not compared" in out) == (2, True)
        with store.transaction() as cursor:
            cursor.execute("UPDATE checkins_events SET state = '{}' WHERE notification_id = 3")
        event = store.stored(2, 1)[0]
        code, out, _ = await _verify(url, away, tmp_path)
        assert code == 1
        assert f"event 3 (checkins.CheckInRecorded, version 1 of {event.originator_id}) was changed" in out
        code, out, _ = await _verify(url, away, tmp_path, "--json")
        (found,) = (json.loads(line)["found"] for line in out.splitlines())
        assert (code, found["kind"], found["sequence"], found["version"]) == (1, "changed", 3, 1)


async def test_what_could_not_be_looked_at_is_not_taken_for_changed(tmp_path: Path) -> None:
    nowhere = "127.0.0.1:1"
    code, _, said = await _verify(f"postgresql://{nowhere}/checkins", nowhere, tmp_path)
    assert (code, "checkins was not verified: The database isn't there" in said) == (2, True)
    code, _, said = await _verify("", nowhere, tmp_path)
    assert (code, "checkins was not verified: not set: CHECKINS_DATABASE_URL" in said) == (2, True)


async def test_what_fails_while_it_looks_is_not_taken_for_changed(new_database: Callable[[], str], tmp_path: Path) -> None:
    url = new_database()
    with EventStore("checkins", url, SCHEMA) as store:
        await asyncio.to_thread(store.record, check_ins(1))
        with store.transaction() as cursor:
            cursor.execute("DROP TABLE relay_position")
            cursor.execute("CREATE VIEW relay_position AS SELECT 1 / 0 AS position, '' AS topic, true AS chained")
    code, _, said = await _verify(url, "127.0.0.1:1", tmp_path, "--without-kafka")
    assert (code, "checkins was not verified: " in said) == (2, True)


@pytest.mark.parametrize("service", services())
def test_every_service_can_verify_its_store(service: str) -> None:
    cli = import_module(f"services.{service}.__main__").cli
    assert "verify" in {command.name for command in cli.registered_commands}


async def _verify(url: str, kafka: str, keys: Path, *arguments: str) -> tuple[int | None, str, str]:
    process = await _command(url, kafka, keys, "verify", *arguments)
    out, error = await process.communicate()
    return process.returncode, out.decode(), error.decode()


async def _command(url: str, kafka: str, keys: Path, *arguments: str) -> asyncio.subprocess.Process:
    own = {"CHECKINS_DATABASE_URL": url, "KAFKA_BOOTSTRAP": kafka, "CHECKINS_URL": "http://127.0.0.1:1"}
    environment = {**os.environ, **own, "ALONGSIDE_KEYS": str(keys), "COLUMNS": "200"}
    command = (sys.executable, "-m", "services.checkins", *arguments)
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe)
