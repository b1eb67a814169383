from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.checkins.serving import Served, serve


@pytest.fixture
async def http(checkins: Served) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(base_url=checkins.url, headers=checkins.program(), limits=limits, timeout=60) as client:
        yield client


async def test_200_at_once_are_stored_in_far_fewer_transactions(checkins: Served, http: httpx.AsyncClient) -> None:
    member = await asyncio.to_thread(checkins.enrol)
    answers = await asyncio.gather(*(http.post("/check-ins", json={"member": member, "mood": 3}) for _ in range(200)))
    assert {answer.status_code for answer in answers} == {201}
    query = "SELECT count(*) AS stored, count(DISTINCT xmin::text) AS transactions FROM check_ins WHERE member = %s"
    found = (await asyncio.to_thread(checkins.rows, query, member))[0]
    assert found["stored"] == 200
    assert found["transactions"] <= 100
    assert len({answer.headers["x-position"] for answer in answers}) == 200


async def test_two_changes_of_one_member_at_once_both_succeed_and_fail_nobody(
    checkins: Served, http: httpx.AsyncClient
) -> None:
    for _ in range(5):
        member, other = await asyncio.gather(asyncio.to_thread(checkins.enrol), asyncio.to_thread(checkins.enrol))
        changes: list[dict[str, Any]] = [{"team": "day"}, {"name": "Ada L."}, {"timezone": "UTC"}]
        answers = await asyncio.gather(
            *(http.patch(f"/members/{member}", json=change) for change in changes),
            *(http.post("/check-ins", json={"member": other, "mood": 3}) for _ in range(30)),
        )
        assert [answer.status_code for answer in answers] == [200] * 3 + [201] * 30
        place = (await asyncio.to_thread(checkins.rows, "SELECT place FROM members WHERE id = %s", member))[0]["place"]
        assert (place["team"], place["timezone"]) == ("day", "UTC")


async def test_a_member_erased_while_they_check_in_leaves_no_readable_note(checkins: Served, http: httpx.AsyncClient) -> None:
    member = await asyncio.to_thread(checkins.enrol)
    answers = await asyncio.gather(
        *(http.post("/check-ins", json={"member": member, "mood": 3, "note": "written just then"}) for _ in range(10)),
        http.delete(f"/members/{member}", headers=checkins.admin()),
        *(http.post("/check-ins", json={"member": member, "mood": 3, "note": "written just then"}) for _ in range(10)),
    )
    assert answers[10].status_code == 202
    assert {answer.status_code for answer in answers} <= {201, 202, 404}
    rows = await asyncio.to_thread(checkins.rows, "SELECT count(*) AS keys FROM member_keys WHERE member = %s", member)
    assert rows[0]["keys"] == 0


def test_what_another_process_changes_is_seen_by_the_next_check_in(checkins: Served) -> None:
    member = checkins.enrol(country="GB", consents={"text": False})
    note = {"note": "I want to die"}
    with serve(checkins.database_url, checkins.keys) as other:
        assert _found(checkins, checkins.check_in(member, **note).json()["id"]) == 0
        agreed = {"consents": {"text": True}}
        assert other.http.patch(f"/members/{member}", json=agreed, headers=other.as_person(member)).status_code == 200
        assert _found(checkins, checkins.check_in(member, **note).json()["id"]) == 1
        assert other.http.delete(f"/members/{member}", headers=other.admin()).status_code == 202
        assert checkins.check_in(member).status_code == 404
        assert checkins.http.post("/check-ins/batch", json=[{"member": member, "mood": 3}]).json()["accepted"] == 0


def _found(checkins: Served, check_in: str) -> int:
    return len(checkins.rows("SELECT category FROM note_findings WHERE check_in = %s", check_in))
