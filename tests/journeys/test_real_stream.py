"""The real check-in stream through the real system.

Data: Bringmann et al. 2013, PLoS ONE 8(4): e60188, file S004 (CC BY); see shared/data beside the project.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy import Stack
from deploy.demo.client import Client, connected
from tests.conftest import ROOT
from tests.journeys.history import Seen, last_stored, records, relayed, stored_ids

STREAM = ROOT.parent / "shared" / "data" / "esm-bringmann-2013.csv.gz"
ONE_BY_ONE = 400
BATCH = 500


@pytest.mark.skipif(not STREAM.exists(), reason=f"the real stream isn't here: {STREAM.name} lies beside the project, not in it")
async def test_every_report_of_the_real_stream_is_in_kafka_once_and_in_order_for_each_member(system: Stack) -> None:
    environment = system.environment()
    before = await last_stored(environment["CHECKINS_DATABASE_URL"], "checkins")
    async with connected(environment) as people:
        reports = list(_reports(STREAM))
        members = await _enrol(people, reports)
        posted = await _post(people, [_check_in(report, members) for report in reports])
    await relayed(environment, "checkins")
    everything = await records(environment["KAFKA_BOOTSTRAP"], "checkins.events")
    seen = [one for one in everything if one.sequence > before]

    stored = await stored_ids(environment["CHECKINS_DATABASE_URL"], "checkins", before)
    assert len(reports) == len(posted) == 11_783
    assert Counter(one.id for one in seen) == Counter(stored), "each stored event once, and nothing else"
    assert _sequences_rise_for_each_key(seen)
    assert _check_ins_by_member(seen, set(posted)) == _ids_by_member(reports, members, posted)


async def _enrol(people: Client, reports: list[dict[str, str]]) -> dict[str, str]:
    persons = sorted({report["person"] for report in reports})
    return dict(zip(persons, await people.enrol_all(len(persons)), strict=True))


async def _post(people: Client, check_ins: list[dict[str, Any]]) -> list[str]:
    """The ids of all check-ins, in order: the first one by one, the rest in batches."""
    ids = [(await people.post("checkins", "/check-ins", check_in))["id"] for check_in in check_ins[:ONE_BY_ONE]]
    for start in range(ONE_BY_ONE, len(check_ins), BATCH):
        answer = await people.post("checkins", "/check-ins/batch", check_ins[start : start + BATCH])
        assert answer["rejected"] == []
        ids += [item["id"] for item in answer["items"]]
    return ids


def _reports(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt") as lines:
        yield from csv.DictReader(lines)


def _check_in(report: dict[str, str], members: dict[str, str]) -> dict[str, Any]:
    days = float(report["day"] or 0) + 200 * float(report["after_treatment"] or 0)
    at = datetime(2012, 1, 1, 8, tzinfo=UTC) + timedelta(days=days, minutes=90 * float(report["beep"] or 1))
    return {
        "member": members[report["person"]],
        "mood": _five(report["cheerful"], 3),
        "stress": _five(report["worried"], 3),
        "recorded_at": at.isoformat(),
    }


def _five(score: str, missing: int) -> int:
    """A score of 1-7 on our 1-5."""
    return round(1 + (float(score) - 1) * 4 / 6) if score else missing


def _sequences_rise_for_each_key(seen: list[Seen]) -> bool:
    last: defaultdict[str, int] = defaultdict(int)
    for one in seen:
        if one.sequence <= last[one.key]:
            return False
        last[one.key] = one.sequence
    return True


def _check_ins_by_member(seen: list[Seen], posted: set[str]) -> dict[str, list[str]]:
    by_member: defaultdict[str, list[str]] = defaultdict(list)
    for one in seen:
        check_in = msgspec.json.decode(one.value).get("check_in")
        if check_in in posted:
            by_member[one.key].append(check_in)
    return dict(by_member)


def _ids_by_member(reports: list[dict[str, str]], members: dict[str, str], posted: list[str]) -> dict[str, list[str]]:
    by_member: defaultdict[str, list[str]] = defaultdict(list)
    for report, check_in in zip(reports, posted, strict=True):
        by_member[members[report["person"]]].append(check_in)
    return dict(by_member)
