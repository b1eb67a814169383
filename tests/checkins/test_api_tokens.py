from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from tests.checkins.problems import CANARY, problem
from tests.checkins.serving import MEMBER, Served, made_keys, serve

NOBODY = str(UUID(int=0))
GOOD = {"iss": "alongside-local", "aud": "alongside", "sub": "service:test", "scopes": ["check-ins:write", "members:write"]}


def signed(served: Served, **changes: Any) -> str:
    """A token signed with the right key, whose claims differ; None takes a claim away."""
    key = OKPKey.import_key(json.loads((served.keys.folder / "issuer.json").read_text()))
    claims = GOOD | {"iat": int(time.time()) - 5, "exp": int(time.time()) + 60} | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "Ed25519", "kid": key.kid}, kept, key, algorithms=["Ed25519"])


def unsigned(claims: dict[str, Any]) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


def by_the_public_key(served: Served) -> str:
    """HS256 with the public key as its secret: the oldest confusion there is."""
    public = json.loads((served.keys.folder / "jwks.json").read_text())["keys"][0]
    key = OctKey.import_key(json.dumps(public))
    claims = GOOD | {"exp": int(time.time()) + 60}
    return jwt.encode({"alg": "HS256", "kid": public["kid"]}, claims, key, algorithms=["HS256"])


WRONG: dict[str, Callable[[Served], str]] = {
    "none": lambda _: "",
    "no scheme": signed,
    "another scheme": lambda _: f"Basic {CANARY}",
    "no token": lambda _: "Bearer",
    "not a token": lambda _: f"Bearer {CANARY}",
    "three parts of nothing": lambda _: "Bearer a.b.c",
    "expired": lambda served: f"Bearer {signed(served, exp=int(time.time()) - 1)}",
    "without an end": lambda served: f"Bearer {signed(served, exp=None)}",
    "an end that is a word": lambda served: f"Bearer {signed(served, exp='later')}",
    "for somebody else": lambda served: f"Bearer {signed(served, aud=CANARY)}",
    "for nobody": lambda served: f"Bearer {signed(served, aud=None)}",
    "of another issuer": lambda served: f"Bearer {signed(served, iss='somebody')}",
    "of no issuer": lambda served: f"Bearer {signed(served, iss=None)}",
    "not yet good": lambda served: f"Bearer {signed(served, nbf=int(time.time()) + 60)}",
    "issued later than now": lambda served: f"Bearer {signed(served, iat=int(time.time()) + 40)}",
    "never issued": lambda served: f"Bearer {signed(served, iat=None)}",
    "over before it was issued": lambda served: f"Bearer {signed(served, exp=int(time.time()) + 5, iat=int(time.time()) + 9)}",
    "issued at a truth": lambda served: f"Bearer {signed(served, iat=True)}",
    "an end beyond all measure": lambda served: f"Bearer {signed(served, exp=10**400)}",
    "an end that is no number": lambda served: f"Bearer {signed(served, exp=float('nan'))}",
    "a person and a program": lambda served: f"Bearer {signed(served, roles=['member'])}",
    "longer than any": lambda _: f"Bearer {'a' * 9000}",
    "of nobody": lambda served: f"Bearer {signed(served, sub=None)}",
    "scopes that are a text": lambda served: f"Bearer {signed(served, scopes='check-ins:write')}",
    "unsigned": lambda _: f"Bearer {unsigned(GOOD | {'exp': int(time.time()) + 60})}",
    "signed with the public key": lambda served: f"Bearer {by_the_public_key(served)}",
    "changed": lambda served: f"Bearer {signed(served)[:-4]}AAAA",
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_token_is_401_and_says_how_to_come_in(wrong: Callable[[Served], str], checkins: Served) -> None:
    answer = checkins.http.post("/members", json=MEMBER | {"name": CANARY}, headers={"Authorization": wrong(checkins)})
    problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_that_is_not_ascii_is_401(checkins: Served) -> None:
    problem(checkins.http.post("/members", json=MEMBER, headers={b"Authorization": b"Bearer \xff\xfe.\xff.x"}), 401)


def test_a_token_of_another_issuer_is_401(checkins: Served, tmp_path: Path) -> None:
    foreign = made_keys(tmp_path).token("service:test", scopes=["members:write"])
    problem(checkins.http.post("/members", json=MEMBER, headers={"Authorization": f"Bearer {foreign}"}), 401)


def test_a_token_is_good_until_it_expires_and_no_longer_though_it_is_remembered(checkins: Served) -> None:
    headers = {"Authorization": f"Bearer {signed(checkins, exp=int(time.time()) + 2)}"}
    assert checkins.http.post("/members", json=MEMBER, headers=headers).status_code == 201
    while (answer := checkins.http.post("/members", json=MEMBER, headers=headers)).status_code == 201:
        pass
    problem(answer, 401)


WITHOUT_THE_RIGHT = [
    ("POST", "/members", MEMBER, "check-ins:write"),
    ("POST", "/check-ins", {"member": NOBODY, "mood": 3, "note": CANARY}, "members:write"),
    ("POST", "/check-ins/batch", [], "members:write"),
    ("POST", "/distress-flags", {"member": NOBODY, "signs": ["guilt"]}, "check-ins:write"),
    ("POST", "/events", {}, "check-ins:write"),
    ("PATCH", f"/members/{NOBODY}", {"team": "day"}, "check-ins:write"),
    ("DELETE", f"/members/{NOBODY}", None, "members:write"),
    ("GET", f"/members/{NOBODY}/check-ins", None, "members:write"),
    ("GET", f"/members/{NOBODY}/accesses", None, "members:write"),
]


@pytest.mark.parametrize(("method", "path", "body", "scope"), WITHOUT_THE_RIGHT)
def test_a_token_without_the_right_is_403(method: str, path: str, body: Any, scope: str, checkins: Served) -> None:
    for headers in (checkins.program(scope), {"Authorization": f"Bearer {checkins.keys.token('ops', roles=['ops'])}"}):
        problem(checkins.http.request(method, path, json=body, headers=headers), 403, "forbidden")
        without = checkins.http.request(method, path, json=body, headers={"Authorization": ""})
        problem(without, 401)


def test_a_person_acts_for_themselves_only(checkins: Served, member: str) -> None:
    me = checkins.as_person(checkins.enrol())
    bodies = {"member": member, "mood": 3}, {"member": member, "signs": ["guilt"], "reporter": member}
    problem(checkins.http.post("/check-ins", json=bodies[0], headers=me), 403)
    problem(checkins.http.post("/distress-flags", json=bodies[1], headers=me), 403)
    problem(checkins.http.patch(f"/members/{member}", json={"team": "day"}, headers=me), 403)
    problem(checkins.http.delete(f"/members/{member}", headers=me), 403)
    problem(checkins.http.get(f"/members/{member}/check-ins", headers=me), 403)


@pytest.mark.parametrize("role", ["member", "supporter", "facilitator", "clinical_lead", "evaluator", "manager"])
def test_whatever_else_somebody_is_they_are_a_member_for_themselves(checkins: Served, role: str) -> None:
    member, other = checkins.enrol(consents={"contact": True}), checkins.enrol()
    me = checkins.as_person(member, role)

    def done(method: str, path: str, body: Any = None) -> int:
        return checkins.http.request(method, path, json=body, headers=me).status_code

    assert done("PATCH", f"/members/{member}", {"consents": {"contact": False, "text": True}}) == 200
    assert done("POST", "/check-ins", {"member": member, "mood": 3}) == 201
    assert done("POST", "/distress-flags", {"member": other, "reporter": member, "signs": ["guilt"]}) == 201
    assert done("GET", f"/members/{member}/export") == 200
    assert done("PATCH", f"/members/{other}", {"consents": {"contact": False}}) == 403
    assert done("POST", "/check-ins", {"member": other, "mood": 3}) == 403
    assert done("DELETE", f"/members/{other}") == 403
    assert done("DELETE", f"/members/{member}") == 202


def test_who_runs_the_system_is_nobodys_member_by_that(checkins: Served, member: str) -> None:
    ops = checkins.as_person(member, "ops")
    for method, path, body in (
        ("PATCH", f"/members/{member}", {"consents": {"text": True}}),
        ("POST", "/check-ins", {"member": member, "mood": 3}),
        ("DELETE", f"/members/{member}", None),
    ):
        problem(checkins.http.request(method, path, json=body, headers=ops), 403, "forbidden")


def test_who_comes_too_fast_is_429_and_is_told_when_to_come_again(checkins: Served) -> None:
    with serve(checkins.database_url, checkins.keys, rate=3) as slow:
        answers = [slow.http.post("/members", json=MEMBER) for _ in range(20)]
        other = slow.http.get("/crisis-lines")
    late = [answer for answer in answers if answer.status_code != 201]
    assert len(late) >= 10
    for answer in late:
        problem(answer, 429, "too-fast")
        assert answer.headers["retry-after"] == "1"
    assert other.status_code == 200, "the crisis lines are there for whoever asks, however often"
