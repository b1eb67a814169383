from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.store.api_keys import TRUSTED_SECONDS, KeyRing
from tests.access.house import House

KEY = {"scopes": ["kudos:write"], "label": "import"}


@pytest.fixture
async def recognition(house: House) -> AsyncIterator[House]:
    house.http.clear()
    yield house
    house.http.clear()


def admin(house: House) -> str:
    return house.issuer.token("admin:test", roles=["admin"])


async def issued(house: House, **more: Any) -> dict[str, str]:
    answer = await house.ask("recognition", "POST", "/keys", admin(house), KEY | more)
    assert answer.status_code == 201, answer.text
    key: dict[str, str] = answer.json()
    return key


async def reads(house: House, key: str) -> int:
    return (await house.ask("recognition", "GET", "/kudos", key)).status_code


async def test_a_key_opens_what_its_scopes_open_and_is_kept_as_a_hash_alone(recognition: House) -> None:
    key = await issued(recognition)
    assert await reads(recognition, key["key"]) == 200
    with recognition.parts["recognition"].store.transaction() as cursor:
        cursor.execute("SELECT api_keys::text AS row FROM api_keys")
        assert not any(key["key"].rpartition("_")[2] in row["row"] for row in cursor)
    listed = (await recognition.ask("recognition", "GET", "/keys?limit=200", admin(recognition))).text
    assert key["id"] in listed
    assert key["key"] not in listed
    assert "hash" not in listed


async def test_it_ends_by_itself_after_90_days_if_nothing_else_is_said(recognition: House) -> None:
    key, short = await issued(recognition), await issued(recognition, expires_in_days=1)
    now = recognition.clock.now
    recognition.clock.now = now + timedelta(days=1)
    assert (await reads(recognition, key["key"]), await reads(recognition, short["key"])) == (200, 401)
    recognition.clock.now = now + timedelta(days=90)
    assert await reads(recognition, key["key"]) == 401


@pytest.mark.parametrize(
    "wrong", [{"scopes": ["root"]}, {"scopes": []}, {"expires_in_days": 366}, {"expires_in_days": 0}, {"label": "A name"}]
)
async def test_a_key_for_ever_or_for_what_there_is_not_isnt_issued(recognition: House, wrong: dict[str, Any]) -> None:
    assert (await recognition.ask("recognition", "POST", "/keys", admin(recognition), KEY | wrong)).status_code == 422


@pytest.mark.parametrize(
    ("service", "useful"), [("alerts", "alerts:read"), ("recognition", "events:write, kudos:write"), ("support", "none")]
)
async def test_a_key_for_what_no_route_of_the_service_takes_isnt_issued_and_it_is_said_what_is_of_use_there(
    service: str, useful: str, recognition: House
) -> None:
    body = KEY | {"scopes": ["surveys:write", "alerts:read" if service == "alerts" else "flags:write"]}
    answer = await recognition.ask(service, "POST", "/keys", admin(recognition), body)
    strange = "surveys:write" if service == "alerts" else "flags:write, surveys:write"
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"pointer": "/scopes", "detail": f"no route here takes {strange}; of use here: {useful}"}
    ]


async def test_a_rotated_key_is_good_for_the_overlap_and_no_longer(recognition: House) -> None:
    old = await issued(recognition)
    path = f"/keys/{old['id']}/rotate"
    new = (await recognition.ask("recognition", "POST", path, admin(recognition), {"overlap_hours": 2})).json()
    assert (await reads(recognition, old["key"]), await reads(recognition, new["key"])) == (200, 200)
    recognition.clock.move(hours=2)
    assert (await reads(recognition, old["key"]), await reads(recognition, new["key"])) == (401, 200)
    assert (await recognition.ask("recognition", "POST", path, admin(recognition), {})).status_code == 409


async def test_a_revoked_key_is_over_at_once_here_and_within_a_second_in_another_process(recognition: House) -> None:
    key = await issued(recognition)
    elsewhere = KeyRing(recognition.parts["recognition"].store)
    elsewhere.read()
    assert elsewhere.get(key["id"])
    assert await reads(recognition, key["key"]) == 200
    for _ in range(2):
        assert (await recognition.ask("recognition", "DELETE", f"/keys/{key['id']}", admin(recognition))).status_code == 200
    assert await reads(recognition, key["key"]) == 401
    async with asyncio.timeout(TRUSTED_SECONDS + 5):
        while not elsewhere.is_old:
            await asyncio.sleep(0)
    elsewhere.read()
    assert elsewhere.get(key["id"]) is None


async def test_a_key_issues_no_keys_whatever_its_scopes(recognition: House) -> None:
    key = await issued(recognition, scopes=["kudos:write", "events:write"])
    assert (await recognition.ask("recognition", "POST", "/keys", key["key"], KEY)).status_code == 403


async def test_asked_twice_with_one_idempotency_key_one_key_is_issued_also_at_the_same_time(recognition: House) -> None:
    token = admin(recognition)

    def ask() -> Any:
        body = KEY | {"label": "once"}
        return recognition.ask("recognition", "POST", "/keys", token, body, **{"Idempotency-Key": "once"})

    answers: list[httpx.Response] = await asyncio.gather(ask(), ask(), ask())
    assert len({answer.content for answer in [*answers, await ask()]}) == 1
    assert answers[0].status_code == 201
    with recognition.parts["recognition"].store.transaction() as cursor:
        cursor.execute("SELECT count(*) AS n FROM api_keys WHERE label = 'once'")
        assert cursor.fetchall() == [{"n": 1}]
        cursor.execute("SELECT answer FROM idempotent_answers")
        assert not any(answers[0].json()["key"].encode() in bytes(row["answer"]) for row in cursor)


async def test_the_list_of_keys_comes_in_pages_and_takes_no_cursor_of_somebody_elses(recognition: House) -> None:
    for _ in range(3):
        await issued(recognition)
    first = (await recognition.ask("recognition", "GET", "/keys?limit=2", admin(recognition))).json()
    after = f"/keys?limit=2&after={first['next']}"
    second = (await recognition.ask("recognition", "GET", after, admin(recognition))).json()
    assert not {item["id"] for item in first["items"]} & {item["id"] for item in second["items"]}
    wrong = await recognition.ask("recognition", "GET", "/keys?after=AAAA", admin(recognition))
    assert wrong.status_code == 422
