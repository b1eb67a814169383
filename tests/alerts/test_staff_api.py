"""Enrolling supporters and registering their endpoints."""

from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag

from shared.store.sealing import place, unseal
from tests.alerts.door import Door
from tests.alerts.world import World

SUPPORTER = {"languages": ["en"], "skills": ["listening"]}


async def test_an_admin_enrols_a_member_as_a_supporter(world: World, door: Door) -> None:
    body = {"member": str(world.member()), **SUPPORTER, "weekly_hours": 4}
    answer = await door.client.post("/supporters", json=body, headers=door.as_("admin"))
    assert answer.status_code == 201
    assert answer.headers["x-position"].startswith("alerts:")
    assert set(answer.json()) == {"id"}


async def test_a_member_not_yet_heard_of_may_be_there_in_a_second(door: Door) -> None:
    answer = await door.client.post("/supporters", json={"member": str(uuid4()), **SUPPORTER}, headers=door.as_("admin"))
    assert (answer.status_code, answer.headers["retry-after"]) == (404, "1")
    assert answer.json()["errors"][0]["pointer"] == "/member"


async def test_nobody_is_enrolled_twice(world: World, door: Door) -> None:
    body = {"member": str(world.member()), **SUPPORTER}
    first = await door.client.post("/supporters", json=body, headers=door.as_("admin"))
    second = await door.client.post("/supporters", json=body, headers=door.as_("admin"))
    assert (first.status_code, second.status_code) == (201, 409)


async def test_a_repeated_request_gets_its_first_answer(world: World, door: Door) -> None:
    body = {"member": str(world.member()), **SUPPORTER}
    headers = door.as_("admin") | {"Idempotency-Key": "enrol-1"}
    answers = [await door.client.post("/supporters", json=body, headers=headers) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert [answer.status_code for answer in answers] == [201, 201]


async def test_a_rota_is_refused_rather_than_ignored(world: World, door: Door) -> None:
    body = {"member": str(world.member()), **SUPPORTER, "rota": "BEGIN:VCALENDAR"}
    answer = await door.client.post("/supporters", json=body, headers=door.as_("admin"))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/rota")


@pytest.mark.parametrize("role", ["ops", "supporter", "manager", "service"])
async def test_only_an_admin_enrols(world: World, door: Door, role: str) -> None:
    body = {"member": str(world.member()), **SUPPORTER}
    answer = await door.client.post("/supporters", json=body, headers=door.as_(role, uuid4()))
    assert answer.status_code == 403


async def test_an_endpoint_gets_a_secret_and_a_public_key_once(world: World, door: Door) -> None:
    body = {"supporter": str(world.supporter()), "url": "http://127.0.0.1:9/hook"}
    answer = await door.client.post("/endpoints", json=body, headers=door.as_("admin"))
    assert answer.status_code == 201
    assert answer.json()["secret"].startswith("whsec_")
    assert answer.json()["public_key"].startswith("whpk_")
    stored = world.rows("SELECT * FROM endpoints")[0]
    assert answer.json()["secret"].encode() not in bytes(stored["secret"])


async def test_an_endpoints_address_is_stored_sealed_for_this_endpoint_and_this_field(world: World, door: Door) -> None:
    body = {"supporter": str(world.supporter()), "url": "https://hooks.example/ada-lovelace?key=hush"}
    await door.client.post("/endpoints", json=body, headers=door.as_("admin"))
    stored = world.rows("SELECT * FROM endpoints")[0]
    sealed = bytes(stored["url"])
    assert not [canary for canary in (b"ada-lovelace", b"hush", b"hooks.example") if canary in sealed]
    assert unseal(world.key, sealed, place("alerts", stored["id"], 1, "url")).decode() == body["url"]
    for there in (place("alerts", uuid4(), 1, "url"), place("alerts", stored["id"], 1, "secret")):
        with pytest.raises(InvalidTag):
            unseal(world.key, sealed, there)


async def test_supporters_register_their_own_endpoints_and_nobody_elses(world: World, door: Door) -> None:
    mine, anothers = world.supporter(), world.supporter()
    me = door.as_("supporter", world.member_of(mine))
    bodies = [{"supporter": str(whose), "url": "https://tool.example/hook"} for whose in (mine, anothers)]
    answers = [await door.client.post("/endpoints", json=body, headers=me) for body in bodies]
    assert [answer.status_code for answer in answers] == [201, 403]


@pytest.mark.parametrize(
    "url",
    [
        "http://tool.example/hook",
        "https://user:password@tool.example/",
        "ftp://tool.example/",
        "https://",
        "no url",
        "http://10.0.0.1/",
        "https://tool.example:99999/",
    ],
)
async def test_an_address_that_is_not_permitted_is_a_422(world: World, door: Door, url: str) -> None:
    body = {"supporter": str(world.supporter()), "url": url}
    answer = await door.client.post("/endpoints", json=body, headers=door.as_("admin"))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/url")
    assert url not in answer.text


async def test_an_unknown_supporter_has_no_endpoint(door: Door) -> None:
    body = {"supporter": str(uuid4()), "url": "https://tool.example/hook"}
    answer = await door.client.post("/endpoints", json=body, headers=door.as_("admin"))
    assert answer.status_code == 404
