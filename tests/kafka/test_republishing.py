"""A service's history sent to Kafka again, beside a relay that leads and without one."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from services.checkins.__main__ import SCHEMA
from services.checkins.relay import translate
from shared.kafka.relay import Relay
from shared.kafka.relay_options import sequence_in
from shared.kafka.relay_position import RelayPosition, SetBack
from shared.kafka.republishing import NothingThere, Progress, republish
from shared.settings import Common
from shared.store.event_store import EventStore
from tests.architecture.tree import ROOT
from tests.kafka.streaming import end_of, records_of
from tests.kafka.test_relay import check_ins, relaying


@pytest.fixture
def common(database_url: str, kafka: str) -> Common:
    return Common("checkins", database_url, kafka, "", "", {}, Path(), True, 50)


async def test_the_whole_history_is_sent_again_by_whom_leads(
    common: Common, store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    await asyncio.to_thread(store.record, check_ins(2_500))
    async with relaying(Relay(store, database_url, topic, translate, kafka)):
        await records_of(kafka, topic, 2_500)
        told = await _republished(common, store, topic, 0)
        assert await end_of(kafka, topic) == 5_000
    assert (told[-1].percent, told[-1].position, told[-1].seconds_left) == (100, 2_500, 0)
    records = await records_of(kafka, topic, 5_000)
    assert len({record.header("ce_id") for record in records}) == 2_500


async def test_without_a_leader_the_command_leads_and_sends_only_what_came_after(
    common: Common, store: EventStore, topic: str, kafka: str
) -> None:
    await asyncio.to_thread(store.record, check_ins(30))
    await _republished(common, store, topic, 0)
    assert await end_of(kafka, topic) == 30
    await _republished(common, store, topic, 20)
    again = [int(record.header("ce_sequence") or 0) for record in await records_of(kafka, topic, 40)]
    assert sorted(again) == [*range(1, 21), *sorted([*range(21, 31)] * 2)]


async def test_a_position_ahead_of_the_relay_leaves_nothing_out(
    common: Common, store: EventStore, topic: str, kafka: str
) -> None:
    await asyncio.to_thread(store.record, check_ins(30))
    await _republished(common, store, topic, 25)
    assert await end_of(kafka, topic) == 30


async def test_what_is_not_stored_is_refused_before_anything_is_set_back(common: Common, store: EventStore, topic: str) -> None:
    await asyncio.to_thread(store.record, check_ins(3))
    with pytest.raises(NothingThere, match="up to 3"):
        await _republished(common, store, topic, 4)
    assert await asyncio.to_thread(RelayPosition(store, topic).get) == 0


def test_a_batch_under_way_does_not_undo_a_reset(store: EventStore, topic: str) -> None:
    leader, operator = RelayPosition(store, topic), RelayPosition(store, topic)
    leader.move(1_000)
    leader.move(2_000)
    operator.set_back(500)
    with pytest.raises(SetBack):
        leader.move(3_000)
    assert leader.get() == 500
    leader.move(1_500)
    assert operator.get() == 1_500


@pytest.mark.parametrize("position", [0, 2_000])
def test_a_reset_to_where_the_position_is_counts_too(store: EventStore, topic: str, position: int) -> None:
    """What is under way may have been acknowledged by the log that is gone."""
    leader = RelayPosition(store, topic)
    if position:
        leader.move(position)
    RelayPosition(store, topic).set_back(position)
    with pytest.raises(SetBack):
        leader.move(3_000)


@pytest.mark.parametrize(("said", "meant"), [("0", 0), ("17", 17), ("checkins:17", 17)])
def test_a_position_is_a_sequence_with_or_without_the_services_name(said: str, meant: int) -> None:
    assert sequence_in(said, "checkins") == meant


@pytest.mark.parametrize("said", ["", "-1", "x", "checkins:", "checkins:x", "1.5", "\u0661", ":1", "a:checkins:1"])
def test_anything_else_is_refused_by_name(said: str) -> None:
    with pytest.raises(typer.BadParameter):
        sequence_in(said, "checkins")


def test_anothers_position_is_refused_by_both_names() -> None:
    with pytest.raises(typer.BadParameter, match="alerts:5 is a position of alerts; this is checkins"):
        sequence_in("alerts:5", "checkins")


async def test_the_command_tells_its_progress_as_json_lines(
    new_database: Callable[[], str], kafka: str, tmp_path: Path
) -> None:
    url = new_database()
    with EventStore("checkins", url, SCHEMA) as store:
        await asyncio.to_thread(store.record, check_ins(10))
    code, out, _ = await _command(url, kafka, tmp_path, "--from", "checkins:4", "--json")
    last = json.loads(out.splitlines()[-1])
    assert code == 0
    assert {key: last[key] for key in ("service", "from", "position", "to", "percent", "done")} == {
        "service": "checkins",
        "from": 4,
        "position": 10,
        "to": 10,
        "percent": 100.0,
        "done": True,
    }
    code, _, error = await _command(url, kafka, tmp_path, "--from", "alerts:4")
    assert (code, "this is checkins" in error) == (2, True)
    code, _, error = await _command(url, "127.0.0.1:1", tmp_path, "--from", "0")
    assert (code, "was not sent again" in error) == (1, True)


async def _republished(common: Common, store: EventStore, topic: str, start: int) -> list[Progress]:
    return [progress async for progress in republish(common, store, topic, translate, start)]


async def _command(url: str, kafka: str, keys: Path, *arguments: str) -> tuple[int | None, str, str]:
    own = {"CHECKINS_DATABASE_URL": url, "KAFKA_BOOTSTRAP": kafka, "CHECKINS_URL": "http://127.0.0.1:1"}
    environment = {**os.environ, **own, "ALONGSIDE_KEYS": str(keys), "COLUMNS": "200"}
    command = (sys.executable, "-m", "services.checkins", "relay", *arguments)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe)
    out, error = await process.communicate()
    return process.returncode, out.decode(), error.decode()
