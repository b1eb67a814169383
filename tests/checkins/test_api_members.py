from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from shared.auth import PEOPLE
from tests.checkins.problems import CANARY, pointers, problem
from tests.checkins.searching import found_in_the_clear
from tests.checkins.serving import MEMBER, Served

NOTE = f"{CANARY}: what nobody else may ever read"


def names(checkins: Served, member: str) -> list[str]:
    query = "SELECT topic FROM checkins_events WHERE originator_id = %s ORDER BY originator_version"
    return [row["topic"].removeprefix("checkins.") for row in checkins.rows(query, member)]


def place_of(checkins: Served, member: str) -> dict[str, Any]:
    row = checkins.rows("SELECT place, consents FROM members WHERE id = %s", member)[0]
    return {**row["place"], **row["consents"]}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": CANARY * 30}, "/name"),
        ({"name": f"{CANARY}\0"}, "/name"),
        ({"team": f"The {CANARY}!"}, "/team"),
        ({"timezone": f"Mars/{CANARY}"}, "/timezone"),
        ({"timezone": "../../etc/passwd"}, "/timezone"),
        ({"country": "Germany"}, "/country"),
        ({"languages": []}, "/languages"),
        ({"languages": [CANARY + " "]}, "/languages/0"),
        ({"consents": {"text": CANARY}}, "/consents/text"),
        ({"consents": None}, "/consents"),
        ({"manager": CANARY}, "/manager"),
    ],
)
def test_a_wrong_field_of_a_member_is_422(change: dict[str, Any], pointer: str, checkins: Served, member: str) -> None:
    assert pointer in pointers(problem(checkins.http.post("/members", json=MEMBER | change), 422))
    assert pointer in pointers(problem(checkins.http.patch(f"/members/{member}", json=change), 422))


def test_a_manager_who_is_nobody_is_404(checkins: Served, member: str) -> None:
    nobody = {"manager": str(uuid4())}
    assert pointers(problem(checkins.http.post("/members", json=MEMBER | nobody), 404)) == {"/manager"}
    assert pointers(problem(checkins.http.patch(f"/members/{member}", json=nobody), 404)) == {"/manager"}


def test_a_change_changes_what_it_names_and_nothing_else(checkins: Served) -> None:
    boss = checkins.enrol()
    member = checkins.enrol(manager=boss, country="DE", consents={"analytics": True, "text": True})
    change = {"team": "day", "manager": None, "consents": {"text": False}}
    answer = checkins.http.patch(f"/members/{member}", json=change)
    assert (answer.status_code, answer.json()) == (200, {"id": member})
    now = place_of(checkins, member)
    assert (now["team"], now["manager"], now["country"], now["analytics"], now["text"]) == ("day", None, "DE", True, False)
    assert names(checkins, member) == ["MemberEnrolled", "MemberMoved", "ConsentsChanged"]


def test_a_change_of_nothing_stores_nothing_and_can_be_waited_for(checkins: Served, member: str) -> None:
    before = checkins.http.patch(f"/members/{member}", json={"name": "Ada"}).headers["x-position"]
    answer = checkins.http.patch(f"/members/{member}", json={"team": MEMBER["team"]})
    assert (answer.status_code, answer.headers["x-position"]) == (200, before)
    assert names(checkins, member) == ["MemberEnrolled", "MemberRenamed"]


def test_a_new_name_is_stored_sealed(checkins: Served, member: str) -> None:
    checkins.http.patch(f"/members/{member}", json={"name": CANARY})
    assert names(checkins, member) == ["MemberEnrolled", "MemberRenamed"]
    assert not found_in_the_clear(checkins, CANARY)


def test_nobody_is_their_own_manager(checkins: Served, member: str) -> None:
    answer = checkins.http.patch(f"/members/{member}", json={"manager": member})
    assert pointers(problem(answer, 422)) == {"/manager"}


def test_what_is_changed_to_nothing_that_it_may_be_is_422(checkins: Served, member: str) -> None:
    for change in ({"team": None}, {"timezone": None}, {"languages": None}, {"name": None}):
        problem(checkins.http.patch(f"/members/{member}", json=change), 422)


def test_a_member_who_is_nobody_is_404(checkins: Served) -> None:
    nobody = str(uuid4())
    problem(checkins.http.patch(f"/members/{nobody}", json={"team": "day"}), 404, "unknown-member")
    problem(checkins.http.delete(f"/members/{nobody}", headers=checkins.admin()), 404, "unknown-member")
    problem(checkins.http.get(f"/members/{nobody}/check-ins", headers=checkins.as_person(nobody)), 404, "unknown-member")


def test_what_a_person_writes_is_nowhere_in_the_clear(checkins: Served) -> None:
    member = checkins.enrol(name=f"{CANARY} Lovelace", consents={"text": True})
    checkins.http.post("/check-ins", json={"member": member, "mood": 3, "note": NOTE}, headers={"Idempotency-Key": CANARY})
    checkins.http.post("/distress-flags", json={"member": member, "signs": ["guilt"], "note": NOTE})
    assert not found_in_the_clear(checkins, CANARY)


def test_an_erased_members_text_is_gone_for_good_and_the_member_unknown(checkins: Served) -> None:
    member = checkins.enrol()
    checkins.check_in(member, note=NOTE)
    me = checkins.as_person(member)
    assert checkins.http.get(f"/members/{member}/check-ins", headers=me).json()["items"][0]["note"] == NOTE
    answer = checkins.http.delete(f"/members/{member}", headers=me)
    assert (answer.status_code, answer.json()["id"]) == (202, member)
    assert checkins.rows("SELECT 1 FROM member_keys WHERE member = %s", member) == []
    assert checkins.rows("SELECT id FROM check_ins WHERE member = %s", member) == []
    problem(checkins.http.get(f"/members/{member}/check-ins", headers=me), 404, "unknown-member")
    problem(checkins.check_in(member), 404, "unknown-member")
    problem(checkins.http.patch(f"/members/{member}", json={"team": "day"}), 404, "unknown-member")
    problem(checkins.http.delete(f"/members/{member}", headers=me), 404, "unknown-member")
    problem(checkins.http.post("/members", json=MEMBER | {"manager": member}), 404, "unknown-member")
    assert names(checkins, member)[-1] == "MemberErased"


def test_who_is_erased_gets_a_receipt_that_is_theirs_alone_and_says_nothing_else(checkins: Served) -> None:
    member, other = checkins.enrol(), checkins.enrol()
    me = checkins.as_person(member)
    problem(checkins.http.get(f"/erasures/{member}", headers=me), 404, "unknown-erasure")
    answer = checkins.http.delete(f"/members/{member}", headers=me | {"Idempotency-Key": "leaving"})
    again = checkins.http.delete(f"/members/{member}", headers=me | {"Idempotency-Key": "leaving"})
    receipt = answer.json()["receipt"]
    assert receipt == {"member": member, "erased_at": receipt["erased_at"], "position": answer.headers["x-position"]}
    assert (again.content, again.headers["x-position"]) == (answer.content, answer.headers["x-position"])
    told = checkins.http.get(f"/erasures/{member}", headers=me).json()
    assert (told["service"], told["member"], told["erased_at"]) == ("checkins", member, receipt["erased_at"])
    assert checkins.http.get(f"/erasures/{member}", headers=checkins.admin()).json() == told
    problem(checkins.http.get(f"/erasures/{member}", headers=checkins.as_person(other)), 403)


def test_what_was_kept_for_a_retry_is_forgotten_and_the_request_isnt_done_again(checkins: Served) -> None:
    key = {"Idempotency-Key": "enrolled-once"}
    member = checkins.http.post("/members", json=MEMBER, headers=key).json()["id"]
    checkins.http.post("/check-ins", json={"member": member, "mood": 1, "note": NOTE}, headers={"Idempotency-Key": "noted"})
    kept = "SELECT count(*) AS n FROM idempotent_answers WHERE about = %s"
    assert checkins.rows(kept, member) == [{"n": 2}]
    checkins.http.delete(f"/members/{member}", headers=checkins.admin())
    assert checkins.rows(kept, member) == [{"n": 0}]
    problem(checkins.http.post("/members", json=MEMBER, headers=key), 422, "key-reused")


def test_who_read_the_record_of_somebody_who_is_gone_is_gone_too(checkins: Served) -> None:
    member = checkins.enrol()
    me = checkins.as_person(member)
    checkins.http.get(f"/members/{member}/check-ins", headers=me)
    checkins.http.delete(f"/members/{member}", headers=me)
    assert checkins.rows("SELECT FROM accesses WHERE member = %s", member) == []


@pytest.mark.parametrize("move", [{"manager": None}, {"team": "other"}])
def test_nobody_says_themselves_where_they_belong(checkins: Served, member: str, move: dict[str, str | None]) -> None:
    """Whom they may be told of, and with whom their answers are counted, follows from it."""
    for role in sorted(PEOPLE):
        problem(checkins.http.patch(f"/members/{member}", json=move, headers=checkins.as_person(member, role)), 403)
    assert checkins.http.patch(f"/members/{member}", json=move, headers=checkins.admin()).status_code == 200


def test_to_erase_nobody_is_404_under_a_key_too(checkins: Served) -> None:
    headers = checkins.admin() | {"Idempotency-Key": f"nobody-{uuid4()}"}
    nobody = uuid4()
    for _ in range(2):
        problem(checkins.http.delete(f"/members/{nobody}", headers=headers), 404, "unknown-member")
