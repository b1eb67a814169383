"""What ops sees and does, over HTTP; the same routes are in every service with views."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.recognition.conftest import Service
from tests.recognition.without_kafka import moved


@pytest.fixture
def ops(service: Service) -> dict[str, str]:
    return service.person(uuid4(), "ops")


async def test_views_are_told_with_position_lag_and_version(
    service: Service, http: httpx.AsyncClient, ops: dict[str, str]
) -> None:
    service.member()
    items = (await http.get("/views", headers=ops)).json()["items"]
    told = {item["view"]: item for item in items}
    assert set(told) == {"members", "kudos_per_day"}
    publisher, _, sequence = told["members"]["position"].partition(":")
    assert publisher == "checkins"
    assert int(sequence) > 0
    assert (told["members"]["version"], told["members"]["lag"], told["members"]["replay"]) == (1, 0, None)


async def test_a_parked_event_is_dropped_by_name_and_what_waits_behind_it_goes_on(
    service: Service, http: httpx.AsyncClient, ops: dict[str, str]
) -> None:
    member = service.member("care")
    service.hearing.unreadable(member)
    service.hearing.from_checkins(moved(member, "night"))
    assert _team(service, member) == "care"
    answer = (await http.get("/parked", headers=ops)).json()
    (item,) = answer["items"]
    assert (item["error"], item["waiting"], answer["groups"][0]["events"]) == ("ValidationError", 1, 1)
    assert not {"subject", "value", "key"} & item.keys()
    assert (await http.post(f"/parked/{item['id']}/retry", headers=ops)).status_code == 202
    service.hearing.retry()
    assert _team(service, member) == "care", "it still can't be read"
    dropped = await http.post(f"/parked/{item['id']}/drop", headers=ops)
    assert (dropped.status_code, dropped.json()["state"]) == (200, "dropped")
    service.hearing.retry()
    assert _team(service, member) == "night"
    assert (await http.post(f"/parked/{item['id']}/drop", headers=ops)).status_code == 409
    assert (await http.get("/parked", headers=ops)).json()["items"][0]["dropped_by"]


async def test_a_replay_is_asked_for_and_followed(http: httpx.AsyncClient, ops: dict[str, str]) -> None:
    asked = await http.post("/replays", json={"view": "members", "target": "shadow"}, headers=ops | {"Idempotency-Key": "once"})
    again = await http.post("/replays", json={"view": "members", "target": "shadow"}, headers=ops | {"Idempotency-Key": "once"})
    assert (asked.status_code, again.content) == (201, asked.content)
    replay = asked.json()
    assert (replay["state"], replay["percent"], replay["view"]) == ("queued", 0.0, "members")
    assert (await http.get(f"/replays/{replay['id']}", headers=ops)).json() == replay
    assert (await http.get("/replays", headers=ops)).json()["items"] == [replay]
    assert (await http.post("/replays", json={"view": "members", "target": "shadow"}, headers=ops)).status_code == 409
    assert (await http.post(f"/replays/{replay['id']}/switch", headers=ops)).status_code == 409, "it isn't built yet"
    assert (await http.post(f"/replays/{replay['id']}/cancel", headers=ops)).status_code == 202


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"view": "nothing", "target": "dry-run"}, 404),
        ({"view": "members", "target": "live"}, 422),
        ({"view": "members; DROP TABLE members", "target": "dry-run"}, 422),
        ({"view": "members", "target": "shadow", "from": "checkins:7"}, 422),
        ({"view": "members", "target": "dry-run", "to": "yesterday"}, 422),
        ({"view": "members", "target": "dry-run", "to": "2026-03-01T00:00:00"}, 422),
        ({"view": "members", "target": "dry-run", "types": ["Nothing"]}, 422),
        ({"view": "members", "target": "dry-run", "rate": 0}, 422),
        ({"view": "members", "target": "dry-run", "from": "checkins:7", "to": "2026-03-01T00:00:00Z"}, 201),
    ],
)
async def test_a_replay_that_cannot_be_is_refused_with_its_reason(
    http: httpx.AsyncClient, ops: dict[str, str], body: dict[str, Any], status: int
) -> None:
    assert (await http.post("/replays", json=body, headers=ops)).status_code == status


async def test_what_is_not_there_is_a_404(http: httpx.AsyncClient, ops: dict[str, str]) -> None:
    assert (await http.get(f"/replays/{uuid4()}", headers=ops)).status_code == 404
    assert (await http.post("/parked/999999/retry", headers=ops)).status_code == 404


@pytest.mark.parametrize("role", ["member", "supporter", "manager", "evaluator"])
async def test_ops_routes_are_for_ops(service: Service, http: httpx.AsyncClient, role: str) -> None:
    other = service.person(uuid4(), role)
    answers = [await http.get(path, headers=other) for path in ("/views", "/parked", "/replays", f"/replays/{uuid4()}")]
    answers.append(await http.post("/replays", json={"view": "members", "target": "dry-run"}, headers=other))
    assert {answer.status_code for answer in answers} == {403}


def _team(service: Service, member: UUID) -> str:
    with service.store.transaction() as cursor:
        cursor.execute("SELECT team FROM members WHERE member = %s", (member,))
        row = cursor.fetchone()
    assert row is not None
    return str(row["team"])
