"""Requests as a careless program sends them."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.checkins.problems import CANARY, pointers, problem
from tests.checkins.serving import MEMBER, Served

JSON = {"Content-Type": "application/json"}
NOBODY = str(uuid4())

UNREADABLE: dict[str, bytes] = {
    "empty": b"",
    "broken": b'{"member": "canary7f3e',
    "not text": b'{"note": "canary7f3e\xff\xfe"}',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"note":' * 50_000,
    "a number of 6,000 digits": b'{"mood": ' + b"9" * 6_000 + b"}",
    "a list": b'["canary7f3e"]',
    "null": b"null",
    "a text": b'"canary7f3e"',
}

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "mood 9": ({"mood": 9}, "/mood"),
    "mood 0": ({"mood": 0}, "/mood"),
    "mood as text": ({"mood": "3"}, "/mood"),
    "mood with a fraction": ({"mood": 3.5}, "/mood"),
    "mood true": ({"mood": True}, "/mood"),
    "mood null": ({"mood": None}, "/mood"),
    "mood as a word": ({"mood": CANARY}, "/mood"),
    "energy 6": ({"energy": 6}, "/energy"),
    "stress as a list": ({"stress": [CANARY]}, "/stress"),
    "a member that is no id": ({"member": CANARY}, "/member"),
    "a member that is a number": ({"member": 7}, "/member"),
    "a note that is a number": ({"note": 7}, "/note"),
    "a note that is an object": ({"note": {CANARY: CANARY}}, "/note"),
    "a note of 10,001 characters": ({"note": CANARY + "a" * 9_991}, "/note"),
    "a note with NUL": ({"note": CANARY + "\0"}, "/note"),
    "a note with half a surrogate pair": ({"note": CANARY + "\ud83d"}, "/note"),
    "wants_contact as a word": ({"wants_contact": CANARY}, "/wants_contact"),
    "year 9999": ({"recorded_at": "9999-12-31T23:59:59Z"}, "/recorded_at"),
    "year 9999 beyond UTC": ({"recorded_at": "9999-12-31T23:59:59-14:00"}, "/recorded_at"),
    "year 1": ({"recorded_at": "0001-01-01T00:00:00+14:00"}, "/recorded_at"),
    "tomorrow": ({"recorded_at": "2099-01-01T00:00:00Z"}, "/recorded_at"),
    "a time without a zone": ({"recorded_at": "2026-01-01T00:00:00"}, "/recorded_at"),
    "a time that is a word": ({"recorded_at": CANARY}, "/recorded_at"),
    "a time that is endless": ({"recorded_at": 1e300}, "/recorded_at"),
    "a field that nobody knows": ({"colour": CANARY}, "/colour"),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("path", ["/check-ins", "/members", "/distress-flags"])
def test_what_cannot_be_read_is_a_problem(path: str, body: bytes, checkins: Served) -> None:
    answer = checkins.http.post(path, content=body, headers=JSON)
    problem(answer, 422 if answer.status_code == 422 else 400)


@pytest.mark.parametrize(("fields", "pointer"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_is_named_and_not_repeated(fields: dict[str, Any], pointer: str, checkins: Served) -> None:
    sent = json.dumps({"member": NOBODY, "mood": 3, "note": CANARY} | fields).encode()
    answer = checkins.http.post("/check-ins", content=sent, headers=JSON)
    assert pointer in {p[: len(pointer)] for p in pointers(problem(answer, 422))}


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_a_number_that_is_none_is_a_problem(number: bytes, checkins: Served) -> None:
    sent = b'{"member": "%s", "mood": %s}' % (NOBODY.encode(), number)
    answer = checkins.http.post("/check-ins", content=sent, headers=JSON)
    problem(answer, 422 if answer.status_code == 422 else 400)


def test_a_sentence_as_a_fields_name_is_not_repeated(checkins: Served) -> None:
    sentence = f"{CANARY} said in a field's name"
    problem(checkins.http.post("/check-ins", json={"member": NOBODY, "mood": 3, sentence: 1}), 422)
    problem(checkins.http.post("/members", json=MEMBER | {"consents": {sentence: True}}), 422)


def test_a_member_that_does_not_exist_is_404(checkins: Served) -> None:
    assert pointers(problem(checkins.check_in(NOBODY, note=CANARY), 404, "unknown-member")) == {"/member"}


@pytest.mark.parametrize("path", ["/check-ins", "/members", "/distress-flags"])
def test_five_megabytes_are_413(path: str, checkins: Served) -> None:
    problem(checkins.http.post(path, json={"member": NOBODY, "mood": 3, "note": CANARY * 500_000}), 413, "too-large")


def test_an_address_that_does_not_exist_is_404(checkins: Served) -> None:
    problem(checkins.http.get(f"/{CANARY}"), 404, "unknown-address")
    problem(checkins.http.get(f"/members/{CANARY}/check-ins", headers=checkins.as_person(NOBODY)), 422)


def test_a_wrong_method_is_405(checkins: Served) -> None:
    problem(checkins.http.get("/check-ins"), 405, "wrong-method")


@pytest.mark.parametrize("query", ["limit=0", "limit=canary7f3e", "limit=201", "at_least=canary7f3e", "after=canary7f3e!"])
@pytest.mark.parametrize("what", ["check-ins", "accesses"])
def test_a_wrong_parameter_is_422(query: str, what: str, checkins: Served, member: str) -> None:
    if what == "check-ins" or not query.startswith("at_least"):
        answer = checkins.http.get(f"/members/{member}/{what}?{query}", headers=checkins.as_person(member))
        problem(answer, 422)


@pytest.mark.parametrize("cursor", ["aGVsbG8", "MjAyNi0wMS0wMSB4", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ", "AAAA", "_w"])
@pytest.mark.parametrize("what", ["check-ins", "accesses"])
def test_a_cursor_that_was_not_ours_is_422(cursor: str, what: str, checkins: Served, member: str) -> None:
    answer = checkins.http.get(f"/members/{member}/{what}?after={cursor}", headers=checkins.as_person(member))
    problem(answer, 422)


@pytest.mark.parametrize("path", ["/check-ins", "/check-ins/batch", "/members", "/distress-flags", "/keys"])
@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"])
def test_a_form_is_told_to_come_as_json(checkins: Served, path: str, media_type: str) -> None:
    headers = checkins.admin() | {"Content-Type": media_type}
    told = problem(checkins.http.post(path, content=b"mood=1&note=canary7f3e", headers=headers), 415)
    assert told["detail"] == "Send application/json."


def test_json_under_another_name_or_none_is_taken(checkins: Served, member: str) -> None:
    body = json.dumps({"member": member, "mood": 3}).encode()
    for headers in ({}, {"Content-Type": "Application/JSON; charset=utf-8"}, {"Content-Type": "application/vnd.kiosk+json"}):
        assert checkins.http.post("/check-ins", content=body, headers=headers).status_code == 201
