from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from shared.errors import Problem, invalid, unknown
from shared.http.cloudevents import Arrived, accept_all, arrived_events
from shared.http.idempotency import Answer

STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}
BATCH = {"content-type": "Application/CloudEvents-Batch+JSON"}
ONE = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "time": "2026-03-02T08:15:00Z", "data": {"a": 1}}


def read(headers: dict[str, str], body: Any) -> list[Arrived | Problem]:
    return arrived_events(headers, json.dumps(body).encode())


def test_the_three_modes_say_the_same() -> None:
    binary = {f"ce-{name}": str(value) for name, value in ONE.items() if name != "data"} | {"content-type": "application/json"}
    in_binary, in_structured, in_batch = read(binary, ONE["data"]), read(STRUCTURED, ONE), read(BATCH, [ONE])
    assert in_binary == in_structured == in_batch
    (event,) = in_batch
    assert isinstance(event, Arrived)
    assert (event.source, event.id, event.type, event.data) == ("/s", "1", "t", {"a": 1})


def test_a_source_and_an_id_do_not_run_into_each_other() -> None:
    assert Arrived("/a b", "c", "t", None, None).key != Arrived("/a", "b c", "t", None, None).key


def test_half_a_surrogate_pair_in_one_event_loses_none_of_the_others() -> None:
    body = json.dumps([ONE, ONE | {"data": "\ud83d"}, ONE]).encode()
    assert [type(one) for one in arrived_events(BATCH, body)] == [Arrived, Problem, Arrived]


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/json", "application/cloudevents+avro"])
def test_what_is_no_cloudevent_is_415(media_type: str) -> None:
    with pytest.raises(Problem) as raised:
        arrived_events({"content-type": media_type}, b"{}")
    assert raised.value.status == 415


async def answer_of(arrived: Sequence[Arrived | Problem]) -> Answer:
    """`data` is the outcome: a position, or the status of a kept problem, or a problem that is raised."""

    async def submit(event: Arrived) -> Answer:
        if isinstance(event.data, Exception):
            raise event.data
        return event.data if isinstance(event.data, Answer) else Answer(202, b"{}", event.data)

    return await accept_all(arrived, submit)


def event(data: Any) -> Arrived:
    return Arrived("/s", "1", "t", None, data)


async def test_a_batch_says_which_were_rejected_and_how_far_the_last_got() -> None:
    kept = Answer.of(unknown("lamp", "/lamp"))
    answer = await answer_of(
        [event(7), invalid("/a", "wrong"), event(9), event(kept), event(invalid("/b", "wrong")), event(None)]
    )
    body = msgspec.json.decode(answer.body)
    assert (answer.status, answer.position, body["accepted"]) == (202, 9, 3)
    assert [(one["index"], one["problem"]["status"]) for one in body["rejected"]] == [(1, 422), (3, 404), (4, 422)]
    assert body["rejected"][1]["problem"]["errors"] == [{"pointer": "/lamp", "detail": "no such lamp"}]


async def test_one_alone_is_answered_by_its_own_problem() -> None:
    for wrong in (invalid("/a", "wrong"), event(invalid("/a", "wrong")), event(Answer.of(invalid("/a", "wrong")))):
        with pytest.raises(Problem) as raised:
            await answer_of([wrong])
        assert raised.value.body() == invalid("/a", "wrong").body()


async def test_what_is_not_the_events_own_fault_makes_the_sender_send_all_again() -> None:
    with pytest.raises(Problem) as raised:
        await answer_of([event(7), event(Problem(503, "not-stored", "Away."))])
    assert raised.value.status == 503
