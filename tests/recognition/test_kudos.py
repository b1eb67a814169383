from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest

from services.recognition.application import GiveKudos
from services.recognition.domain import Kudos
from services.recognition.relay import translate
from services.recognition.stream import READER
from shared.events.recognition import KudosGiven
from shared.projection.forgetting import NOBODY
from shared.projection.replays import Ask, Replays
from shared.store.event_store import Conflict
from shared.store.group_commit import Decision
from shared.store.reapplying import Reapplying
from tests.recognition.conftest import Give, Service
from tests.recognition.without_kafka import NOON, erased, moved

SECRET = "thank you for sitting with me"


async def test_kudos_are_stored_and_published_without_their_message(service: Service, give: Give) -> None:
    ann, bob = service.member(), service.member()
    answer = await give(ann, bob, category="supported_someone", points=5, message=SECRET)
    assert answer.status_code == 201
    publisher, _, sequence = answer.headers["X-Position"].partition(":")
    stored = service.store.notifications(int(sequence) - 1, 1)[0][1]
    assert publisher == "recognition"
    published = translate(stored)
    assert isinstance(published, KudosGiven)
    assert (str(published.kudos), published.giver, published.receivers) == (answer.json()["id"], ann, (bob,))
    assert SECRET not in published.model_dump_json()


async def test_the_message_is_nowhere_in_the_database_in_the_clear(service: Service, give: Give) -> None:
    ann, bob = service.member(), service.member()
    await give(ann, bob, message=SECRET)
    with service.store.transaction() as cursor:
        cursor.execute(
            "SELECT (SELECT string_agg(k::text, '') FROM kudos k) || (SELECT string_agg(e::text, '') FROM"
            " recognition_events e) AS everything"
        )
        row = cursor.fetchone()
    assert row is not None
    assert SECRET not in row["everything"]
    assert SECRET.encode().hex() not in row["everything"]


async def test_givers_and_receivers_read_the_message_and_nobody_else_does(
    service: Service, http: httpx.AsyncClient, give: Give
) -> None:
    ann, bob, cy = service.member(), service.member(), service.member()
    kudos = (await give(ann, bob, message=SECRET)).json()["id"]
    for member, expected in ((ann, [(kudos, SECRET)]), (bob, [(kudos, SECRET)]), (cy, [])):
        items = (await http.get("/kudos", headers=service.person(member))).json()["items"]
        assert [(item["id"], item["message"]) for item in items] == expected


async def test_of_a_message_that_was_changed_it_is_said_that_it_was_and_the_others_are_told(
    service: Service, http: httpx.AsyncClient, give: Give
) -> None:
    ann, bob = service.member(), service.member()
    one, other = [(await give(ann, bob, message=f"{SECRET} {number}")).json()["id"] for number in range(2)]
    with service.store.transaction() as cursor:
        cursor.execute("UPDATE kudos SET message = (SELECT message FROM kudos WHERE id = %s) WHERE id = %s", (one, other))
    items = (await http.get("/kudos", headers=service.person(bob))).json()["items"]
    told = {item["id"]: (item["message"], item.get("unreadable")) for item in items}
    assert (told[one], told[other]) == ((f"{SECRET} 0", None), (None, True))


async def test_a_program_reads_no_message_and_ops_read_no_people_either(
    service: Service, http: httpx.AsyncClient, give: Give
) -> None:
    await give(service.member(), service.member(), message=SECRET)
    assert "message" not in (await http.get("/kudos")).json()["items"][0]
    seen = (await http.get("/kudos", headers=service.person(uuid4(), "ops"))).json()["items"][0]
    assert seen.keys() == {"id", "category", "points", "given_at"}


async def test_kudos_are_paged_newest_first(service: Service, http: httpx.AsyncClient, give: Give) -> None:
    ann, bob = service.member(), service.member()
    given = [(await give(ann, bob)).json()["id"] for _ in range(5)]
    seen: list[str] = []
    query = {"limit": "2"}
    while True:
        found = (await http.get("/kudos", params=query, headers=service.person(ann))).json()
        seen += [item["id"] for item in found["items"]]
        if found["next"] is None:
            break
        query["after"] = found["next"]
    assert sorted(seen) == sorted(given)
    assert len(seen) == len(given)


@pytest.mark.parametrize("after", ["!", "bm9uZQ", "MjAyNiBub25l", "é"])
async def test_a_cursor_that_was_not_ours_is_told(service: Service, http: httpx.AsyncClient, after: str) -> None:
    answer = await http.get("/kudos", params={"after": after}, headers=service.person(service.member()))
    assert answer.status_code == 422


async def test_a_member_gives_in_their_own_name_only(service: Service, give: Give) -> None:
    ann, bob = service.member(), service.member()
    assert (await give(ann, bob, headers=service.person(ann))).status_code == 201
    assert (await give(ann, bob, headers=service.person(bob))).status_code == 403
    assert (await give(ann, bob, headers={"Authorization": "Bearer wrong"})).status_code == 401


async def test_a_member_not_heard_of_yet_may_be_known_a_second_later(service: Service, give: Give) -> None:
    answer = await give(service.member(), service.member(), uuid4())
    assert answer.status_code == 404
    assert answer.headers["Retry-After"] == "1"
    assert answer.json()["errors"] == [{"pointer": "/receivers/1", "detail": "no such member"}]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"points": -1}, "/points"),
        ({"points": 101}, "/points"),
        ({"points": "5"}, "/points"),
        ({"points": True}, "/points"),
        ({"category": "praise"}, "/category"),
        ({"receivers": []}, "/receivers"),
        ({"message": "x" * 2001}, "/message"),
        ({"given_at": "2026-11-18T12:00:00Z"}, "/given_at"),
    ],
)
async def test_a_wrong_field_is_told_by_its_place(service: Service, give: Give, wrong: dict[str, object], pointer: str) -> None:
    answer = await give(service.member(), service.member(), **wrong)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_nobody_thanks_themselves_or_the_same_person_twice(service: Service, give: Give) -> None:
    ann, bob = service.member(), service.member()
    assert (await give(ann, bob, ann)).json()["errors"][0]["pointer"] == "/receivers/1"
    assert (await give(ann, bob, bob)).status_code == 422
    assert (await give(ann, *[uuid4() for _ in range(21)])).status_code == 422


async def test_a_nul_character_in_a_message_is_422_and_nothing_is_given(
    service: Service, http: httpx.AsyncClient, give: Give
) -> None:
    ann, bob = service.member(), service.member()
    assert (await give(ann, bob, message="a\0b")).status_code == 422
    assert (await http.get("/kudos", headers=service.person(bob))).json()["items"] == []


async def test_the_same_key_gives_the_same_answer_and_one_kudos(service: Service, http: httpx.AsyncClient, give: Give) -> None:
    ann, bob = service.member(), service.member()
    first = await give(ann, bob, headers={"Idempotency-Key": "once", **service.program()})
    again = await give(ann, bob, headers={"Idempotency-Key": "once", **service.program()})
    other = await give(bob, ann, headers={"Idempotency-Key": "once", **service.program()})
    assert (again.content, again.headers["X-Position"]) == (first.content, first.headers["X-Position"])
    assert other.status_code == 422
    assert len((await http.get("/kudos", headers=service.person(ann))).json()["items"]) == 1


async def test_many_at_once_share_a_commit_and_one_key_for_their_giver(
    service: Service, http: httpx.AsyncClient, give: Give
) -> None:
    ann, bob = service.member(), service.member()
    answers = await asyncio.gather(*(give(ann, bob, message=f"{SECRET} {n}") for n in range(40)))
    assert {answer.status_code for answer in answers} == {201}
    items = (await http.get("/kudos", headers=service.person(bob))).json()["items"]
    assert {item["message"] for item in items} == {f"{SECRET} {n}" for n in range(40)}


async def test_an_erased_member_leaves_nothing_to_read(service: Service, http: httpx.AsyncClient, give: Give) -> None:
    ann, bob, cy = service.member(), service.member(), service.member()
    await give(ann, bob, message=SECRET)
    thanked = (await give(bob, ann, cy, message=SECRET)).json()["id"]
    service.hearing.from_checkins(erased(ann))
    assert [item["id"] for item in (await http.get("/kudos", headers=service.person(bob))).json()["items"]] == [thanked]
    assert (await http.get("/kudos", headers=service.person(cy))).json()["items"][0]["receivers"] == [str(cy)]
    again = await give(ann, bob)
    assert (again.status_code, "Retry-After" in again.headers) == (404, False)
    with service.store.transaction() as cursor:
        cursor.execute("SELECT member FROM member_keys WHERE member = %s", (ann,))
        assert cursor.fetchall() == []


async def test_a_cloudevent_counts_at_its_own_time_and_once(service: Service, http: httpx.AsyncClient) -> None:
    ann, bob = service.member(), service.member()
    event = {
        "specversion": "1.0", "id": str(uuid4()), "source": "/chat", "type": "alongside.kudos.v1",
        "time": "2026-11-02T09:00:00Z", "data": {"giver": str(ann), "receivers": [str(bob)], "category": "coped"},
    }  # fmt: skip
    headers = {"Content-Type": "application/cloudevents+json", **service.program()}
    for _ in range(2):
        answer = await http.post("/events", json=event, headers=headers)
        assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "rejected": []})
    items = (await http.get("/kudos", headers=service.person(ann))).json()["items"]
    assert [datetime.fromisoformat(item["given_at"]) for item in items] == [datetime(2026, 11, 2, 9, tzinfo=UTC)]


async def test_a_wrong_event_never_loses_the_good_ones(service: Service, http: httpx.AsyncClient) -> None:
    ann, bob = service.member(), service.member()
    good = {"giver": str(ann), "receivers": [str(bob)], "category": "coped"}
    events = [
        {"specversion": "1.0", "id": f"{ann} {n}", "source": "/chat", "type": kind, "time": at, "data": data}
        for n, (kind, at, data) in enumerate(
            [
                ("alongside.kudos.v1", "2026-11-18T11:00:00Z", good),
                ("alongside.kudos.v1", "9999-12-31T23:59:59Z", good),
                ("alongside.kudos.v1", "2026-11-19T12:00:00Z", good),
                ("alongside.kudos.v1", "1970-01-01T00:00:00+14:00", good),
                ("alongside.kudos.v1", "0001-01-01T00:00:00+14:00", good),
                ("alongside.check-in.v1", "2026-11-18T11:00:00Z", good),
                ("alongside.kudos.v1", "2026-11-18T11:00:00Z", good | {"points": -5}),
                ("alongside.kudos.v1", "2026-11-18T11:00:00Z", good | {"receivers": []}),
            ]
        )
    ]
    headers = {"Content-Type": "application/cloudevents-batch+json", **service.program()}
    answer = await http.post("/events", json=events, headers=headers)
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    assert [rejected["index"] for rejected in answer.json()["rejected"]] == [1, 2, 3, 4, 5, 6, 7]
    assert len((await http.get("/kudos", headers=service.person(ann))).json()["items"]) == 1


async def test_a_sender_whose_clock_is_a_little_ahead_gives_now(service: Service, http: httpx.AsyncClient) -> None:
    ann, bob = service.member(), service.member()
    event = {"giver": str(ann), "receivers": [str(bob)], "category": "coped"}
    headers = {
        "ce-specversion": "1.0", "ce-id": str(uuid4()), "ce-source": "/chat", "ce-type": "alongside.kudos.v1",
        "ce-time": "2026-11-18T12:01:00Z", **service.program(),
    }  # fmt: skip
    assert (await http.post("/events", json=event, headers=headers)).status_code == 202
    with service.store.transaction() as cursor:
        cursor.execute("SELECT given_at FROM kudos WHERE giver = %s", (ann,))
        assert [row["given_at"] for row in cursor] == [NOON]


async def test_kudos_decided_just_before_an_erasure_are_not_stored(service: Service) -> None:
    """The key is gone then: a message must not bring a new one into being."""
    ann, bob = service.member(), service.member()
    kudos = Kudos(uuid4(), ann, (bob,), "taught", 0, NOON)
    (decision,) = service.recognition.decide([GiveKudos(kudos, SECRET)])
    assert isinstance(decision, Decision)
    service.hearing.from_checkins(erased(ann))
    with pytest.raises(Conflict):
        service.store.record(decision.events, decision.writes)
    with service.store.transaction() as cursor:
        cursor.execute("SELECT member FROM member_keys WHERE member = %s", (ann,))
        assert cursor.fetchall() == []


async def test_an_erasure_waits_behind_nothing_that_is_parked_and_takes_it_away(service: Service) -> None:
    ann = service.member()
    service.hearing.unreadable(ann)
    service.hearing.from_checkins(moved(ann, "night"), erased(ann))
    with service.store.transaction() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM parked WHERE subject = %s) AS parked, (SELECT count(*) FROM members"
            " WHERE member = %s) AS members, (SELECT count(*) FROM erasures WHERE member = %s) AS erasures",
            (str(ann).encode(), ann, ann),
        )
        assert cursor.fetchone() == {"parked": 0, "members": 0, "erasures": 1}


async def test_a_dropped_event_of_the_erased_stays_dropped_and_empty(service: Service) -> None:
    ann = service.member()
    service.hearing.unreadable(ann)
    with service.store.transaction() as cursor:
        cursor.execute("UPDATE parked SET dropped_by = 'ops', dropped_at = now() WHERE subject = %s", (str(ann).encode(),))
    service.hearing.from_checkins(erased(ann))
    with service.store.transaction() as cursor:
        cursor.execute("SELECT value FROM parked WHERE subject = %s", (str(ann).encode(),))
        assert [bytes(row["value"]) for row in cursor] == [b""]


async def test_a_replay_that_asked_for_somebody_names_nobody_once_they_are_erased(service: Service) -> None:
    ann = service.member()
    replays = Replays(service.store, READER, service.clock)
    replay = replays.start(Ask("members", "dry-run", "ops", {"members": [str(ann)]}))
    service.hearing.from_checkins(erased(ann))
    assert replays.get(replay)["asked"] == {"members": [str(NOBODY)]}


async def test_kudos_to_somebody_erased_in_that_moment_are_not_stored(service: Service) -> None:
    ann, bob = service.member(), service.member()
    (decision,) = service.recognition.decide([GiveKudos(Kudos(uuid4(), ann, (bob,), "taught", 0, NOON), None)])
    assert isinstance(decision, Decision)
    service.hearing.from_checkins(erased(bob))
    with pytest.raises(Conflict):
        service.store.record(decision.events, decision.writes)


async def test_nobody_is_told_of_before_missed_erasures_are_known_and_kudos_are_taken(
    service: Service, http: httpx.AsyncClient, give: Give
) -> None:
    ann, bob = service.member(), service.member()
    parts = service.app.state.parts.get()
    parts.reapplying = Reapplying(_never)
    try:
        assert (await give(ann, bob)).status_code == 201
        for path in ("/kudos", "/leaderboards/week"):
            answer = await http.get(path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    finally:
        parts.reapplying = None
    assert (await http.get("/kudos")).status_code == 200


async def _never() -> None:
    """As with a broker that doesn't answer."""
    await asyncio.Event().wait()
