from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from services.support.domain import Request, replay
from services.support.relay import translate
from shared.errors import Problem
from shared.events.support import Kind, SupportRequested
from tests.recognition.without_kafka import NOON
from tests.support.conftest import Asks, Service

TEXT = "nobody at home knows that I was let go once"


def test_a_closed_request_is_not_spoken_to_any_more() -> None:
    made = Request.make(uuid4(), uuid4(), True, Kind.NEED, b"", NOON)
    request = replay([made])
    assert request is not None
    closed = replay([made, request.say(None, b"", NOON), request.close(NOON)])
    assert closed is not None
    with pytest.raises(Problem, match="409"):
        closed.say(None, b"", NOON)


async def test_a_request_is_read_and_answered_by_a_supporter(service: Service, http: httpx.AsyncClient, asks: Asks) -> None:
    member, supporter = service.member(), service.member()
    made = await asks(member, TEXT)
    theirs, mine = service.person(supporter, "supporter"), service.person(member)
    listed = (await http.get("/requests?limit=200", headers=theirs)).json()["items"]
    assert str(member) not in str(listed), "whose it is is told by reading it, which is written down"
    assert next(one for one in listed if one["id"] == made["id"]).keys() == {"id", "kind", "made_at", "closed"}
    read = (await http.get(f"/requests/{made['id']}", headers=theirs)).json()
    assert ([one["text"] for one in read["messages"]], read["member"]) == ([TEXT], str(member))
    said = await http.post(f"/requests/{made['id']}/messages", json={"text": "I am here on Monday"}, headers=theirs)
    assert said.status_code == 201
    own = (await http.get(f"/members/{member}/requests", headers=mine)).json()["items"]
    told = [(one["text"], one["supporter"]) for one in own[0]["messages"]]
    assert told == [(TEXT, None), ("I am here on Monday", str(supporter))]
    assert (await http.post(f"/requests/{made['id']}/close", headers=mine)).status_code == 200
    assert made["id"] not in (await http.get("/requests?limit=200", headers=theirs)).text
    late = await http.post(f"/requests/{made['id']}/messages", json={"text": "still there?"}, headers=theirs)
    assert late.status_code == 409


async def test_of_a_text_that_was_changed_it_is_said_that_it_was_and_the_others_are_told(
    service: Service, http: httpx.AsyncClient, asks: Asks
) -> None:
    member, supporter = service.member(), service.member()
    mine, theirs = service.person(member), service.person(supporter, "supporter")
    one, other = [(await asks(member, f"{TEXT} {number}"))["id"] for number in range(2)]
    for text in ("first", "second"):
        await http.post(f"/requests/{one}/messages", json={"text": text}, headers=theirs)
    with service.store.transaction() as cursor:
        first = "(SELECT text FROM messages WHERE request = %s AND version = %s)"
        swap = f"UPDATE messages SET text = {first} WHERE request = %s AND version = %s".encode()
        cursor.execute(swap, (one, 1, other, 1))
        cursor.execute(swap, (one, 2, one, 3))
    items = (await http.get(f"/members/{member}/requests", headers=mine)).json()["items"]
    told = {item["id"]: [(said["text"], said.get("unreadable")) for said in item["messages"]] for item in items}
    assert told == {one: [(f"{TEXT} 0", None), ("first", None), (None, True)], other: [(None, True)]}
    held = (await http.get(f"/members/{supporter}/held", headers=theirs)).json()["held"]
    assert [said["text"] for said in held["answers_by_you"]] == ["first", None]


async def test_who_must_not_read_a_request_is_nobody_s_to_guess_where_it_was_changed(
    service: Service, http: httpx.AsyncClient, asks: Asks
) -> None:
    changed, whole = [(await asks(service.member(), pseudonymous=True))["id"] for _ in range(2)]
    with service.store.transaction() as cursor:
        cursor.execute("UPDATE requests SET recused = 'x' WHERE id = %s", (changed,))
    theirs = service.person(service.member(), "supporter")
    listed = {item["id"] for item in (await http.get("/requests?limit=200", headers=theirs)).json()["items"]}
    assert listed & {changed, whole} == {whole}
    assert (await http.get(f"/requests/{changed}", headers=theirs)).status_code == 404


async def test_who_asked_sees_which_supporter_read_it(service: Service, http: httpx.AsyncClient, asks: Asks) -> None:
    member, supporter = service.member(), service.member()
    for pseudonymous in (False, True):
        made = await asks(member, pseudonymous=pseudonymous)
        await http.get(f"/requests/{made['id']}", headers=service.person(supporter, "supporter"))
    seen = (await http.get(f"/members/{member}/accesses", headers=service.person(member))).json()["items"]
    assert [one["reader"] for one in seen] == [str(supporter)] * 2


async def test_neither_managers_above_nor_reports_below_see_a_request(
    service: Service, http: httpx.AsyncClient, asks: Asks
) -> None:
    top = service.member()
    manager = service.member(top)
    member = service.member(manager)
    report = service.member(member)
    for pseudonymous in (False, True):
        made = await asks(member, pseudonymous=pseudonymous)
        for recused in (top, manager, report):
            theirs = service.person(recused, "supporter")
            assert made["id"] not in (await http.get("/requests?limit=200", headers=theirs)).text
            assert (await http.get(f"/requests/{made['id']}", headers=theirs)).status_code == 404


async def test_who_becomes_their_manager_is_not_shown_a_named_request_any_more(
    service: Service, http: httpx.AsyncClient, asks: Asks
) -> None:
    member, supporter = service.member(), service.member()
    made = await asks(member)
    theirs = service.person(supporter, "supporter")
    assert (await http.get(f"/requests/{made['id']}", headers=theirs)).status_code == 200
    service.moves(member, supporter)
    assert (await http.get(f"/requests/{made['id']}", headers=theirs)).status_code == 404


@pytest.mark.parametrize("role", ["member", "manager", "evaluator", "facilitator", "ops", "admin"])
async def test_nobody_but_supporters_sees_others_requests(
    service: Service, http: httpx.AsyncClient, asks: Asks, role: str
) -> None:
    made = await asks(service.member())
    other = service.person(service.member(), role)
    assert (await http.get("/requests", headers=other)).status_code == 403
    assert (await http.get(f"/requests/{made['id']}", headers=other)).status_code in (403, 404)


async def test_nobody_asks_in_another_s_name(service: Service, http: httpx.AsyncClient) -> None:
    body = {"member": str(service.member()), "kind": "need", "text": TEXT}
    for other in (service.person(service.member()), service.person(uuid4(), "admin")):
        assert (await http.post("/requests", json=body, headers=other)).status_code == 403


@pytest.mark.parametrize(
    "wrong", [{"kind": "wish"}, {"text": ""}, {"text": "x" * 10_001}, {"pseudonymous": "yes"}, {"more": 1}]
)
async def test_a_wrong_field_is_422_without_an_echo(
    service: Service, http: httpx.AsyncClient, wrong: dict[str, object]
) -> None:
    member = service.member()
    body = {"member": str(member), "kind": "need", "text": TEXT} | wrong
    answer = await http.post("/requests", json=body, headers=service.person(member))
    assert answer.status_code == 422
    assert TEXT not in answer.text


async def test_what_is_published_says_nothing_of_who_and_what(service: Service, asks: Asks) -> None:
    member = service.member()
    made = await asks(member, TEXT, pseudonymous=True)
    stored = [event for _, event in service.store.notifications(0, 10_000) if str(event.originator_id) == made["id"]]
    published = translate(stored[0])
    assert isinstance(published, SupportRequested)
    for secret in (str(member), made["pseudonym"], TEXT):
        assert secret not in published.model_dump_json()


async def test_pages_of_open_requests_hold_each_once(service: Service, http: httpx.AsyncClient, asks: Asks) -> None:
    theirs = service.person(service.member(), "supporter")
    made = {(await asks(service.member()))["id"] for _ in range(5)}
    seen: list[str] = []
    page = (await http.get("/requests?limit=2", headers=theirs)).json()
    seen += [one["id"] for one in page["items"]]
    while page["next"]:
        page = (await http.get(f"/requests?limit=2&after={page['next']}", headers=theirs)).json()
        seen += [one["id"] for one in page["items"]]
    assert made <= set(seen)
    assert len(seen) == len(set(seen))
