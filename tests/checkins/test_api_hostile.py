"""Requests as somebody sends them who wants the service down, or to see what it does."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.checkins.problems import CANARY, problem
from tests.checkins.serving import MEMBER, Served

LIST, EVENT, EVENTS = "application/json", "application/cloudevents+json", "application/cloudevents-batch+json"
WAYS = [("/check-ins", LIST), ("/check-ins/batch", LIST), ("/members", LIST), ("/events", EVENT), ("/events", EVENTS)]
LARGE = 1024 * 1024 - 1
DEEP = {
    "lists": b"[" * LARGE,
    "objects": b'{"a":' * (LARGE // 5),
    "closed lists": b"[" * (LARGE // 2) + b"]" * (LARGE // 2),
    "in a note": b'{"member": 1, "mood": 3, "note": ' + b"[" * (LARGE - 40),
    "one level in a list": b"[" + b'{"a":[' * (LARGE // 7) + b"]",
}


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP)
@pytest.mark.parametrize(("path", "media_type"), WAYS)
def test_a_megabyte_of_brackets_is_a_problem(path: str, media_type: str, body: bytes, checkins: Served) -> None:
    answer = checkins.http.post(path, content=body, headers={"Content-Type": media_type})
    problem(answer, 422 if answer.status_code == 422 else 400)


@pytest.mark.parametrize("packing", ["gzip", "br", "deflate", "zstd"])
@pytest.mark.parametrize(("path", "media_type"), WAYS)
def test_a_packed_body_is_415_before_anybody_unpacks_it(path: str, media_type: str, packing: str, checkins: Served) -> None:
    headers = {"Content-Type": media_type, "Content-Encoding": packing}
    problem(checkins.http.post(path, content=gzip.compress(bytes(10_000_000)), headers=headers), 415, "packed")


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"9" * 5_000, b"-" + b"9" * 400])
def test_a_number_that_is_none_loses_its_own_item_of_a_batch_and_no_other(number: bytes, checkins: Served, member: str) -> None:
    good = json.dumps({"member": member, "mood": 3}).encode()
    bad = b'{"member": "%s", "mood": %s, "note": "%s"}' % (member.encode(), number, CANARY.encode())
    answer = checkins.http.post("/check-ins/batch", content=b"[" + bad + b"," + good + b"]", headers={"Content-Type": LIST})
    assert answer.status_code == 207, answer.text
    assert (answer.json()["accepted"], [each["index"] for each in answer.json()["rejected"]]) == (1, [0])
    assert CANARY not in answer.text


def test_of_two_fields_of_one_name_the_last_counts_everywhere(checkins: Served, member: str) -> None:
    body = b'{"member": "%s", "mood": 9, "mood": 3}' % member.encode()
    assert checkins.http.post("/check-ins", content=body, headers={"Content-Type": LIST}).status_code == 201
    assert (
        checkins.http.post("/check-ins/batch", content=b"[" + body + b"]", headers={"Content-Type": LIST}).json()["accepted"]
        == 1
    )


@pytest.mark.parametrize(
    "note", ["\u202egnp.exe", "e" + "\u0301" * 9_000, "👩‍👩‍👧‍👦" * 1_000, "\ufeff\u2028\u2029\x7f\x85", "Ａｄａ\ufdfa" * 500]
)
def test_what_people_write_comes_back_letter_by_letter(note: str, checkins: Served, member: str) -> None:
    assert checkins.check_in(member, note=note).status_code == 201
    read = checkins.http.get(f"/members/{member}/check-ins?limit=1", headers=checkins.as_person(member))
    assert read.json()["items"][0]["note"] == note


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/check-ins", "/members", "/crisis"])
def test_a_method_that_is_not_offered_is_405_and_allows_no_other_origin(method: str, path: str, checkins: Served) -> None:
    answer = checkins.http.request(
        method, path, headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/members/{}/check-ins", "/members/{}/accesses", "/crisis", "/nowhere", "/healthz"])
def test_no_answer_is_kept_guessed_at_or_told_of(path: str, checkins: Served, member: str) -> None:
    headers = checkins.http.get(path.format(member), headers=checkins.as_person(member)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_an_idempotency_key_is_not_shared_between_callers(checkins: Served) -> None:
    key = {"Idempotency-Key": "the-same"}
    first = checkins.http.post("/members", json=MEMBER, headers=key)
    second = checkins.http.post("/members", json=MEMBER, headers=key | checkins.admin())
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]
