from __future__ import annotations

import asyncio
from uuid import uuid4

import httpx

from tests.support.conftest import Asks, Service

TEXT = "I would rather not say who I am"


async def test_a_pseudonymous_request_shows_a_pseudonym_and_no_member(
    service: Service, http: httpx.AsyncClient, asks: Asks
) -> None:
    member = service.member()
    made = await asks(member, TEXT, pseudonymous=True)
    answer = await http.get(f"/requests/{made['id']}", headers=service.person(service.member(), "supporter"))
    assert answer.json()["pseudonym"] == made["pseudonym"]
    assert "member" not in answer.json()
    assert str(member) not in answer.text


async def test_each_request_has_a_pseudonym_of_its_own_and_its_member_finds_them_all(
    service: Service, http: httpx.AsyncClient, asks: Asks
) -> None:
    member = service.member()
    made = [await asks(member, f"{TEXT} {n}", pseudonymous=True) for n in range(3)]
    assert len({one["pseudonym"] for one in made}) == 3
    own = (await http.get(f"/members/{member}/requests", headers=service.person(member))).json()["items"]
    assert {one["id"] for one in own} == {one["id"] for one in made}


async def test_many_pseudonymous_requests_at_once_are_all_found_again(
    service: Service, http: httpx.AsyncClient, asks: Asks
) -> None:
    member = service.member()
    made = await asyncio.gather(*(asks(member, pseudonymous=True) for _ in range(8)))
    own = (await http.get(f"/members/{member}/requests", headers=service.person(member))).json()["items"]
    assert {one["id"] for one in own} == {one["id"] for one in made}


async def test_no_row_of_the_database_holds_both_member_and_pseudonym(service: Service, asks: Asks) -> None:
    member = service.member()
    made = await asks(member, TEXT, pseudonymous=True)
    told = service.everything()
    assert TEXT not in told
    with_member = [line for line in told.split(")") if str(member) in line]
    assert with_member
    assert not any(made["pseudonym"] in line or made["id"] in line for line in with_member)


async def test_no_row_about_the_member_was_written_with_the_request(service: Service, asks: Asks) -> None:
    """A row's version names its transaction: one of the member's own written with the request would say whose it is."""
    member = service.member()
    made = await asks(member, pseudonymous=True)
    written = service.rows("SELECT xmin::text AS version FROM requests WHERE id = %s", made["id"])[0]["version"]
    about = [
        *service.rows("SELECT xmin::text AS version FROM members_g1 WHERE member = %s", member),
        *service.rows("SELECT xmin::text AS version FROM member_keys WHERE member = %s", member),
    ]
    assert len(about) == 2
    assert written not in {row["version"] for row in about}


async def test_the_link_rows_of_one_member_have_nothing_in_common(service: Service, asks: Asks) -> None:
    before = {bytes(row["finder"]) for row in service.rows("SELECT finder FROM pseudonyms")}
    member = service.member()
    for _ in range(2):
        await asks(member, pseudonymous=True)
    first, second = [row for row in service.rows("SELECT finder, sealed FROM pseudonyms") if bytes(row["finder"]) not in before]
    assert bytes(first["finder"])[:4] != bytes(second["finder"])[:4]
    assert bytes(first["sealed"])[:12] != bytes(second["sealed"])[:12]


async def test_erasure_takes_the_requests_the_pseudonyms_and_their_keys(
    service: Service, http: httpx.AsyncClient, asks: Asks
) -> None:
    member = service.member()
    named, hidden = await asks(member), await asks(member, TEXT, pseudonymous=True)
    links = len(service.rows("SELECT 1 FROM pseudonyms"))
    service.is_erased(member)
    supporter = service.person(service.member(), "supporter")
    for made in (named, hidden):
        assert (await http.get(f"/requests/{made['id']}", headers=supporter)).status_code == 404
    own = await http.get(f"/members/{member}/requests", headers=service.person(member))
    assert (own.status_code, "Retry-After" in own.headers) == (404, False)
    nobody = uuid4()
    unheard = await http.get(f"/members/{nobody}/requests", headers=service.person(nobody))
    assert (unheard.status_code, unheard.headers["Retry-After"]) == (404, "1")
    assert len(service.rows("SELECT 1 FROM pseudonyms")) == links - 1
    keys = service.rows("SELECT 1 FROM member_keys WHERE member = ANY(%s::uuid[])", [str(member), hidden["pseudonym"]])
    assert keys == []


async def test_a_member_who_comes_and_goes_in_one_batch_leaves_no_key(service: Service) -> None:
    member = service.member()
    service.is_erased(member)
    service.is_erased(member)
    assert service.rows("SELECT 1 FROM member_keys WHERE member = %s", member) == []


async def test_an_export_has_what_was_asked_under_any_name(service: Service, http: httpx.AsyncClient, asks: Asks) -> None:
    member = service.member()
    await asks(member, "under my name")
    await asks(member, TEXT, pseudonymous=True)
    held = (await http.get(f"/members/{member}/held", headers=service.person(member))).json()["held"]
    assert {one["messages"][0]["text"] for one in held["requests"]} == {"under my name", TEXT}
    assert held["manager"] is None
    recused = {one["messages"][0]["text"]: one["recused"] for one in held["requests"]}
    assert recused == {"under my name": [], TEXT: [str(member)]}


async def test_what_a_supporter_wrote_goes_with_them_and_is_in_their_export_before(
    service: Service, http: httpx.AsyncClient, asks: Asks
) -> None:
    member, supporter = service.member(), service.member()
    made = await asks(member, pseudonymous=True)
    theirs = service.person(supporter, "supporter")
    await http.post(f"/requests/{made['id']}/messages", json={"text": "I was there once"}, headers=theirs)
    held = (await http.get(f"/members/{supporter}/held", headers=theirs)).json()["held"]
    assert [one["text"] for one in held["answers_by_you"]] == ["I was there once"]
    service.is_erased(supporter)
    own = (await http.get(f"/members/{member}/requests", headers=service.person(member))).json()["items"]
    assert [len(one["messages"]) for one in own] == [1]


async def test_what_was_answered_under_a_pseudonym_is_not_kept_beyond_the_erasure(
    service: Service, http: httpx.AsyncClient
) -> None:
    member = service.member()
    mine = {**service.person(member), "Idempotency-Key": "1"}
    body = {"member": str(member), "kind": "need", "text": TEXT, "pseudonymous": True}
    assert (await http.post("/requests", json=body, headers=mine)).status_code == 201
    assert str(member) not in service.everything().partition("idempotent_answers: ")[2].partition("\n")[0]
    service.is_erased(member)
    assert (await http.post("/requests", json=body, headers=mine)).status_code == 422
