"""CloudEvents over HTTP in the three content modes."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.checkins.problems import CANARY, pointers, problem
from tests.checkins.serving import Served

CHECK_IN, FLAG = "alongside.check-in.v1", "alongside.distress-flag.v1"
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
BATCH = {"Content-Type": "application/cloudevents-batch+json"}


def event(data: Any, kind: str = CHECK_IN, **changes: Any) -> dict[str, Any]:
    whole = {"specversion": "1.0", "id": str(uuid4()), "source": "/test", "type": kind, "data": data}
    return {name: value for name, value in (whole | changes).items() if value is not None}


def structured(checkins: Served, one: Any) -> httpx.Response:
    return checkins.http.post("/events", content=json.dumps(one).encode(), headers=STRUCTURED)


def binary(checkins: Served, one: dict[str, Any]) -> httpx.Response:
    headers = {f"ce-{name}": value for name, value in one.items() if name != "data"} | {"Content-Type": "application/json"}
    return checkins.http.post("/events", content=json.dumps(one["data"]).encode(), headers=headers)


def batch(checkins: Served, many: list[Any]) -> httpx.Response:
    return checkins.http.post("/events", content=json.dumps(many).encode(), headers=BATCH)


def stored(checkins: Served, member: str) -> int:
    return len(checkins.rows("SELECT 1 FROM check_ins WHERE member = %s", member))


def test_each_content_mode_stores_a_check_in(checkins: Served, member: str) -> None:
    for send in (structured, binary, lambda served, one: batch(served, [one])):
        answer = send(checkins, event({"member": member, "mood": 3}))
        assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "rejected": []})
        assert answer.headers["x-position"].startswith("checkins:")
    assert stored(checkins, member) == 3


def test_one_event_in_two_modes_is_stored_once(checkins: Served, member: str) -> None:
    one = event({"member": member, "mood": 3})
    answers = [structured(checkins, one), binary(checkins, one), batch(checkins, [one, one]), structured(checkins, one)]
    assert [answer.json()["accepted"] for answer in answers] == [1, 1, 2, 1]
    assert len({answer.headers["x-position"] for answer in answers}) == 1
    assert stored(checkins, member) == 1


def test_the_same_id_from_another_source_is_another_event(checkins: Served, member: str) -> None:
    first = event({"member": member, "mood": 3}, source="/a", id="b c")
    second = event({"member": member, "mood": 3}, source="/a b", id="c")
    assert batch(checkins, [first, second]).json()["accepted"] == 2
    assert stored(checkins, member) == 2


def test_the_same_source_and_id_with_other_data_is_422(checkins: Served, member: str) -> None:
    one = event({"member": member, "mood": 3})
    structured(checkins, one)
    problem(structured(checkins, one | {"data": {"member": member, "mood": 4}}), 422, "key-reused")


def test_an_events_time_is_when_the_check_in_was_meant(checkins: Served, member: str) -> None:
    structured(checkins, event({"member": member, "mood": 3}, time="2026-01-02T03:04:05Z"))
    row = checkins.rows("SELECT recorded_at FROM check_ins WHERE member = %s", member)[0]
    assert row["recorded_at"].isoformat() == "2026-01-02T03:04:05+00:00"


@pytest.mark.parametrize(
    "time", ["9999-12-31T23:59:59Z", "2099-01-01T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01", CANARY, ""]
)
def test_a_time_that_cannot_be_is_a_problem(time: str, checkins: Served, member: str) -> None:
    for send in (structured, binary):
        answer = send(checkins, event({"member": member, "mood": 3}, time=time))
        problem(answer, 400 if answer.status_code == 400 else 422)
    assert stored(checkins, member) == 0


def test_a_flag_comes_as_an_event_too(checkins: Served, member: str) -> None:
    assert structured(checkins, event({"member": member, "signs": ["guilt"]}, FLAG)).json()["accepted"] == 1
    rows = checkins.rows(
        "SELECT convert_from(state, 'UTF8') AS state FROM checkins_events WHERE topic = 'checkins.DistressFlagged'"
    )
    assert [row for row in rows if member in row["state"]]


WRONG: dict[str, Any] = {
    "no type": event({}, type=None),
    "no id": event({}, id=None),
    "no source": event({}, source=None),
    "an older version": event({}, specversion="0.2"),
    "a number as id": event({}, id=7),
    "a type of nobody's": event({}, type=f"alongside.{CANARY}.v1"),
    "no data": event(None),
    "data that is a text": event(CANARY),
    "data with a wrong field": event({"member": str(uuid4()), "mood": CANARY}),
    "data about nobody": event({"member": str(uuid4()), "mood": 3, "note": CANARY}),
    "half a surrogate pair": event({"member": str(uuid4()), "mood": 3, "note": CANARY + "\ud83d"}),
    "a wrong extension": event({}, **{f"{CANARY} x": CANARY}),
    "a list": [CANARY],
    "a text": CANARY,
    "null": None,
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_event_alone_is_its_own_problem(wrong: Any, checkins: Served) -> None:
    answer = structured(checkins, wrong)
    problem(answer, answer.status_code if answer.status_code in (400, 404, 422) else 422)


def test_wrong_events_in_a_batch_lose_none_of_the_good_ones(checkins: Served, member: str) -> None:
    good = [event({"member": member, "mood": 1 + n % 5}) for n in range(20)]
    wrong = list(WRONG.values())
    answer = batch(checkins, [*good[:10], *wrong, *good[10:]])
    assert (answer.status_code, answer.json()["accepted"]) == (202, 20)
    assert [one["index"] for one in answer.json()["rejected"]] == list(range(10, 10 + len(wrong)))
    assert CANARY not in answer.text
    assert stored(checkins, member) == 20


@pytest.mark.parametrize("body", [b"{}", b"null"])
def test_a_batch_that_is_no_list_is_422(body: bytes, checkins: Served) -> None:
    problem(checkins.http.post("/events", content=body, headers=BATCH), 422, "invalid-request")


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b'["\xff"]'])
def test_a_batch_that_is_no_json_is_400(body: bytes, checkins: Served) -> None:
    problem(checkins.http.post("/events", content=body, headers=BATCH), 400, "not-json")


@pytest.mark.parametrize("body", [b"", b"{", b'{"a":' * 50_000, b"\xff\xfe", b'{"specversion":"1.0","data":NaN}'])
def test_a_body_that_is_no_event_is_400(body: bytes, checkins: Served) -> None:
    problem(checkins.http.post("/events", content=body, headers=STRUCTURED), 400, "not-a-cloudevent")


def test_what_is_no_cloudevent_at_all_is_415(checkins: Served) -> None:
    problem(checkins.http.post("/events", json={"note": CANARY}), 415, "not-a-cloudevent")


def test_a_batch_of_1001_events_is_413(checkins: Served) -> None:
    problem(batch(checkins, [{}] * 1_001), 413, "too-large")


def test_an_events_own_scope_is_needed_too(checkins: Served, member: str) -> None:
    body, headers = json.dumps(event({"member": member, "mood": 3})).encode(), checkins.program("events:write") | STRUCTURED
    problem(checkins.http.post("/events", content=body, headers=headers), 403, "forbidden")
    assert pointers(problem(structured(checkins, event({"member": member, "mood": 9})), 422)) == {"/mood"}


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type"])
def test_an_event_without_a_required_attribute_is_400(missing: str, checkins: Served, member: str) -> None:
    without = {name: value for name, value in event({"member": member, "mood": 3}).items() if name != missing}
    problem(structured(checkins, without), 400, "not-a-cloudevent")


def test_half_a_surrogate_pair_in_an_id_loses_none_of_the_good_events(checkins: Served, member: str) -> None:
    data = {"member": member, "mood": 3}
    body = json.dumps([event(data), event(data, id="\ud800"), event(data, source="\ud800")]).encode()
    answer = checkins.http.post("/events", content=body, headers=BATCH)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    assert stored(checkins, member) == 1


def test_an_idempotency_key_repeats_a_batchs_answer_and_takes_no_other_body(checkins: Served, member: str) -> None:
    once = BATCH | {"Idempotency-Key": f"batch-{member}"}
    body = json.dumps([event({"member": member, "mood": 3})]).encode()
    first = checkins.http.post("/events", content=body, headers=once)
    assert checkins.http.post("/events", content=body, headers=once).content == first.content
    problem(checkins.http.post("/events", content=body + b" ", headers=once), 422, "key-reused")
    assert stored(checkins, member) == 1
