"""The command as a process of its own, on a real broker and beside a real database in which nothing may come to be."""

import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer

import services.alerts
from services.alerts.views.members import VIEW, alert_of
from shared.clock import utc_now
from shared.events.checkins import CheckInRecorded, Consents, DistressFlagged, MemberEnrolled, MemberEvent, Sign
from shared.kafka.records import OutgoingRecord, record_of
from shared.kafka.topics import ensure_topics
from tests.alerts.world import Receiver, World
from tests.kafka.streaming import end_of
from tests.recognition.without_kafka import Stored

ROOT = Path(services.alerts.__file__).parents[2]
RULES = (ROOT / "services/alerts/rules.yaml").read_text()
PATIENCE = 120
Start = Callable[..., Awaitable[Receiver]]
_sequences = itertools.count(int(100 * time.time()))
"""Rising from test to test, since all publish to the one topic of a name that is fixed."""


@dataclass
class History:
    """A member's days: a request for contact, a colleague's urgent flag, and a mood of 1 that calls nobody today."""

    start: datetime = field(default_factory=utc_now)
    member: UUID = field(default_factory=uuid4)

    def __post_init__(self) -> None:
        at, later = self.start, self.start + timedelta(days=2)
        self.enrolled = MemberEnrolled(
            occurred_at=at,
            member=self.member,
            team="a",
            timezone="UTC",
            languages=("en",),
            consents=Consents(analytics=True, contact=True),
        )
        self.request = self.check_in(at, wants_contact=True)
        self.flag = DistressFlagged(occurred_at=at, member=self.member, flag=uuid4(), signs=(Sign.GUILT,), urgent=True)
        self.bad_day = self.check_in(later, mood=1)
        self.events: tuple[MemberEvent, ...] = (self.enrolled, self.request, self.flag, self.bad_day)

    def check_in(self, at: datetime, mood: int = 3, wants_contact: bool = False) -> CheckInRecorded:
        return CheckInRecorded(
            occurred_at=at, member=self.member, check_in=uuid4(), recorded_at=at, mood=mood, wants_contact=wants_contact
        )


def recorded(event: MemberEvent) -> OutgoingRecord:
    return record_of("checkins", next(_sequences), Stored(originator_id=uuid4(), originator_version=1, at=utc_now()), event)


async def publish(kafka: str, records: Sequence[OutgoingRecord]) -> None:
    await ensure_topics(kafka, [VIEW.topic])
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        for one in records:
            await producer.send_and_wait(VIEW.topic, one.value, one.key, headers=one.headers)


async def replay(environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.alerts", "replay", *options]
    return await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A mood of 1 calls a supporter, a request no longer does, and an urgent flag is orange."""
    file = tmp_path / "changed.yaml"
    text = RULES.replace("explicit_request: 4", "explicit_request: 1").replace("urgent_flag: 8", "urgent_flag: 7")
    file.write_text(text.replace("lowest_mood: 2", "lowest_mood: 4"))
    return file


def settings(kafka: str, world: World, folder: Path) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP": kafka,
        "ALERTS_DATABASE_URL": world.database_url,
        "ALERTS_URL": "http://alerts.example",
        "ALONGSIDE_KEYS": str(folder),
    }


def rows_by_table(world: World) -> dict[str, Any]:
    tables = [row["tablename"] for row in world.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    return {table: world.rows(f"SELECT to_jsonb(t) AS row FROM {table} t ORDER BY 1") for table in tables}


async def test_it_says_what_would_differ_and_nothing_comes_to_be(
    kafka: str, world: World, receivers: Start, changed: Path, tmp_path: Path
) -> None:
    receiver = await receivers()
    world.supporter(receiver)
    history = History()
    await publish(kafka, [recorded(event) for event in history.events])
    before, end = rows_by_table(world), await end_of(kafka, VIEW.topic)

    span = ("--from", history.start.isoformat(), "--to", (history.start + timedelta(days=3)).isoformat())
    done = await replay(settings(kafka, world, tmp_path), "--dry-run", "--rules", str(changed), *span, "--json")

    assert (done.returncode, done.stderr) == (0, "")
    *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["alert"]: (line["tier_before"], line["tier_after"]) for line in lines} == {
        str(alert_of(history.request.check_in)): ("orange", None),
        str(alert_of(history.flag.flag)): ("red", "orange"),
        str(alert_of(history.bad_day.check_in)): (None, "orange"),
    }
    totals = last["totals"]
    assert (totals["today"], totals["changed"]) == ({"orange": 1, "red": 1}, {"orange": 2, "red": 0})
    assert str(history.member) not in done.stdout
    assert (rows_by_table(world), await end_of(kafka, VIEW.topic), receiver.got) == (before, end, [])

    world.tell(*history.events)
    owed = [len(world.rows(f"SELECT 1 FROM {table}")) for table in ("alerts", "deliveries", "timers", "alerts_events")]
    assert all(owed), "the same events, followed live, do raise"


async def test_nothing_counts_twice_and_what_cannot_be_read_holds_back_its_member_only(
    kafka: str, world: World, changed: Path, tmp_path: Path
) -> None:
    one, other = History(), History()
    first, *rest = [recorded(event) for event in one.events]
    broken = recorded(other.enrolled)
    poison = OutgoingRecord(broken.key, b"no json", broken.headers, broken.timestamp_ms)
    held = [poison, *(recorded(event) for event in other.events)]
    await publish(kafka, [first, *rest, *held, first, *rest])

    done = await replay(settings(kafka, world, tmp_path), "--dry-run", "--rules", str(changed), "--json")

    *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
    alerts = [line["alert"] for line in lines]
    assert alerts.count(str(alert_of(one.bad_day.check_in))) == 1
    assert str(alert_of(other.bad_day.check_in)) not in alerts
    assert last["totals"]["left_out"] >= len(held)


async def test_without_json_there_are_tables(kafka: str, world: World, changed: Path, tmp_path: Path) -> None:
    history = History()
    await publish(kafka, [recorded(event) for event in history.events])
    span = ("--from", history.start.isoformat())
    done = await replay(settings(kafka, world, tmp_path), "--dry-run", "--rules", str(changed), *span)
    assert done.returncode == 0, done.stderr
    assert str(alert_of(history.bad_day.check_in)) in done.stdout
    assert "Alerts by tier" in done.stdout
    assert "nothing was raised" in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--rules", "rules.yaml"), "--dry-run"),
        (("--dry-run", "--rules", "nowhere.yaml"), "No such file"),
        (("--dry-run", "--rules", "pyproject.toml"), "pyproject.toml"),
        (("--dry-run", "--rules", "services/alerts/rules.yaml", "--from", "2026-03-01"), "RFC 3339"),
        (("--dry-run", "--rules", "services/alerts/rules.yaml", "--to", "2026-03-01T00:00:00"), "RFC 3339"),
        (
            (
                *("--dry-run", "--rules", "services/alerts/rules.yaml"),
                *("--from", "2026-03-02T00:00:00Z", "--to", "2026-03-01T00:00:00Z"),
            ),
            "before",
        ),
    ],
)
async def test_a_wrong_question_is_refused_before_anything_is_connected_to(options: tuple[str, ...], said: str) -> None:
    done = await replay({}, *options)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())


async def test_a_rule_file_whose_aliases_would_grow_beyond_measure_is_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "bomb.yaml"
    ten_of_each = [f"m{n}: &m{n} {{<<: [{', '.join(10 * [f'*m{n - 1}'])}]}}" for n in range(1, 7)]
    file.write_text("\n".join(["m0: &m0 {red: 8}", *ten_of_each]))
    done = await replay({"COLUMNS": "300"}, "--dry-run", "--rules", str(file))
    assert done.returncode == 2
    assert "anchor or alias" in done.stderr
