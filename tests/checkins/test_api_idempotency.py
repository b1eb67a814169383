from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.checkins.problems import CANARY, problem
from tests.checkins.serving import MEMBER, Served


def key() -> dict[str, str]:
    return {"Idempotency-Key": f"{CANARY}-{uuid4()}"}


def stored(checkins: Served, member: str) -> int:
    return len(checkins.rows("SELECT 1 FROM check_ins WHERE member = %s", member))


def test_the_first_answer_is_repeated_byte_for_byte_and_nothing_is_stored_again(checkins: Served, member: str) -> None:
    once, body = key(), {"member": member, "mood": 3, "note": CANARY}
    first = checkins.http.post("/check-ins", json=body, headers=once)
    again = [checkins.http.post("/check-ins", json=body, headers=once) for _ in range(3)]
    assert {answer.content for answer in again} == {first.content}
    assert {answer.status_code for answer in again} == {201}
    assert {answer.headers["x-position"] for answer in again} == {first.headers["x-position"]}
    assert stored(checkins, member) == 1


def test_a_key_with_another_body_or_address_is_422(checkins: Served, member: str) -> None:
    once = key()
    checkins.http.post("/check-ins", json={"member": member, "mood": 3}, headers=once)
    problem(checkins.http.post("/check-ins", json={"member": member, "mood": 4}, headers=once), 422, "key-reused")
    problem(checkins.http.post("/distress-flags", json={"member": member, "signs": ["guilt"]}, headers=once), 422, "key-reused")
    assert stored(checkins, member) == 1


def test_a_key_is_its_callers_own(checkins: Served, member: str) -> None:
    once, body = key(), {"member": member, "mood": 3}
    answers = [
        checkins.http.post("/check-ins", json=body, headers=once | who)
        for who in (checkins.program(), checkins.as_person(member))
    ]
    assert answers[0].json()["id"] != answers[1].json()["id"]


def test_a_problem_that_is_final_is_repeated_too(checkins: Served) -> None:
    once, body = key(), {"member": str(uuid4()), "mood": 3}
    answers = [checkins.http.post("/check-ins", json=body, headers=once) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert problem(answers[1], 404)


@pytest.mark.parametrize("wrong", [b"", b"a b", b"\xc3\xa9", b"a" * 256])
def test_a_key_that_is_not_visible_ascii_is_422(wrong: bytes, checkins: Served, member: str) -> None:
    headers: Any = {b"Idempotency-Key": wrong}
    problem(checkins.http.post("/check-ins", json={"member": member, "mood": 3}, headers=headers), 422, "invalid-key")


@pytest.mark.parametrize(
    ("method", "path", "body", "again"),
    [
        ("POST", "/members", MEMBER, 201),
        ("POST", "/check-ins/batch", [], 207),
        ("POST", "/distress-flags", {"signs": ["guilt"]}, 201),
    ],
)
def test_every_post_takes_a_key(method: str, path: str, body: Any, again: int, checkins: Served, member: str) -> None:
    once = key()
    sent = body | {"member": member} if "signs" in body else body
    answers = [checkins.http.request(method, path, json=sent, headers=once) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [again, again]
    assert answers[0].content == answers[1].content


async def test_twenty_at_once_under_one_key_store_one_check_in(checkins: Served, member: str) -> None:
    once, body = key(), {"member": member, "mood": 3}
    async with httpx.AsyncClient(base_url=checkins.url, headers=checkins.program() | once) as http:
        answers = await asyncio.gather(*(http.post("/check-ins", json=body) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["x-position"] for answer in answers}) == 1
    assert stored(checkins, member) == 1


def test_the_key_of_a_request_that_failed_is_free(checkins: Served, member: str) -> None:
    once, body = key(), {"member": member, "mood": 3, "note": CANARY}
    checkins.rows("ALTER TABLE check_ins RENAME TO out_of_reach")
    try:
        problem(checkins.http.post("/check-ins", json=body, headers=once), 500, "internal-error")
    finally:
        checkins.rows("ALTER TABLE out_of_reach RENAME TO check_ins")
    assert checkins.http.post("/check-ins", json=body, headers=once).status_code == 201
    assert stored(checkins, member) == 1


def test_kept_answers_are_sealed(checkins: Served, member: str) -> None:
    once = key()
    made = checkins.http.post("/check-ins", json={"member": member, "mood": 3}, headers=once).json()["id"]
    rows = checkins.rows("SELECT answer, key FROM idempotent_answers")
    assert not any(made.encode() in bytes(row["answer"]) or CANARY.encode() in bytes(row["key"]) for row in rows)
