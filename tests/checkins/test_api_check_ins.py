from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from tests.checkins.problems import CANARY, pointers, problem
from tests.checkins.serving import Served

DESPAIR = "I want to die"


def test_a_check_in_is_stored_and_its_position_told(checkins: Served, member: str) -> None:
    answer = checkins.check_in(member, mood=2, energy=1, stress=5, wants_contact=True)
    assert answer.status_code == 201
    stored = checkins.rows("SELECT * FROM check_ins WHERE id = %s", answer.json()["id"])[0]
    assert (stored["mood"], stored["energy"], stored["stress"], stored["wants_contact"]) == (2, 1, 5, True)
    assert answer.headers["x-position"] == f"checkins:{_position(checkins, answer.json()['id'])}"


def test_a_note_that_calls_for_it_brings_crisis_lines_of_the_members_country_at_once(checkins: Served) -> None:
    member = checkins.enrol(country="GB", consents={"text": True})
    lines = checkins.check_in(member, note=DESPAIR).json()["resources"]
    assert lines[0]["contact"] == "Call 999 or 112"
    assert "Samaritans" in {line["name"] for line in lines}
    assert checkins.check_in(member, note="Better today").json()["resources"] == []


def test_crisis_lines_are_shown_to_the_author_whatever_they_consented_to(checkins: Served, member: str) -> None:
    assert checkins.check_in(member, note=DESPAIR).json()["resources"]


def test_what_is_found_in_a_note_is_kept_only_with_consent(checkins: Served, member: str) -> None:
    agreeing = checkins.enrol(consents={"text": True})
    for somebody in (member, agreeing):
        checkins.check_in(somebody, note="I can't sleep and I feel hopeless")
        checkins.http.post("/check-ins/batch", json=[{"member": somebody, "mood": 2, "note": "nobody cares about me"}])
    found = checkins.rows("SELECT member, category FROM note_findings WHERE member = ANY(%s)", [member, agreeing])
    assert {str(row["member"]) for row in found} == {agreeing}
    assert {row["category"] for row in found} == {"behaviour_change", "hopelessness", "loneliness"}


def test_a_member_reads_their_own_record_newest_first_page_by_page(checkins: Served, member: str) -> None:
    times = [f"2026-01-0{day}T08:00:00Z" for day in (2, 1, 4, 3)]
    position = [checkins.check_in(member, recorded_at=time, note=time).headers["x-position"] for time in times][-1]
    me, path = checkins.as_person(member), f"/members/{member}/check-ins"
    first = checkins.http.get(f"{path}?limit=3&at_least={position}", headers=me).json()
    second = checkins.http.get(f"{path}?limit=3&after={first['next']}", headers=me).json()
    assert [item["note"] for item in first["items"] + second["items"]] == sorted(times, reverse=True)
    assert [item["recorded_at"] for item in first["items"] + second["items"]] == sorted(times, reverse=True)
    assert second["next"] is None


def test_a_read_does_not_wait_for_a_service_that_is_not_followed_here(checkins: Served, member: str) -> None:
    answer = checkins.http.get(f"/members/{member}/check-ins?at_least=alerts:1", headers=checkins.as_person(member))
    assert pointers(problem(answer, 422)) == {"at_least"}


def test_a_read_that_waits_for_what_never_comes_is_504(checkins: Served, member: str) -> None:
    answer = checkins.http.get(f"/members/{member}/check-ins?at_least=checkins:999999999", headers=checkins.as_person(member))
    problem(answer, 504, "not-there-yet")
    assert answer.headers["retry-after"] == "1"


def test_nobody_has_read_a_record_that_only_its_member_read(checkins: Served, member: str) -> None:
    answer = checkins.http.get(f"/members/{member}/accesses", headers=checkins.as_person(member))
    assert answer.json() == {"items": [], "next": None}


def test_a_batch_keeps_its_good_lines(checkins: Served, member: str) -> None:
    lines: list[object] = [{"member": member, "mood": 1 + n % 5, "note": f"{CANARY} {n}"} for n in range(1_000)]
    lines[10], lines[500], lines[999] = {"member": member, "mood": 9}, {"member": str(uuid4()), "mood": 3}, CANARY
    answer = checkins.http.post("/check-ins/batch", json=lines)
    body = answer.json()
    assert (answer.status_code, body["accepted"]) == (207, 997)
    assert [(one["index"], one["problem"]["status"]) for one in body["rejected"]] == [(10, 422), (500, 404), (999, 422)]
    assert CANARY not in answer.text
    assert len(checkins.rows("SELECT 1 FROM check_ins WHERE member = %s", member)) == 997
    assert answer.headers["x-position"] == f"checkins:{_position(checkins, body['items'][-1]['id'])}"


def test_a_batch_may_have_half_a_surrogate_pair_and_an_endless_number_in_some_lines(checkins: Served, member: str) -> None:
    good, bad = f'{{"member": "{member}", "mood": 3}}', f'{{"member": "{member}", "mood": 3, "note": "\\ud83d"}}'
    body = f'[{good}, {bad}, {{"member": "{member}", "mood": 1e999}}, {good}]'.encode()
    answer = checkins.http.post("/check-ins/batch", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["accepted"]) == (207, 2)


def test_a_batch_of_nothing_stores_nothing(checkins: Served) -> None:
    answer = checkins.http.post("/check-ins/batch", json=[])
    assert (answer.status_code, answer.json()) == (207, {"accepted": 0, "rejected": [], "items": []})
    assert "x-position" not in answer.headers


def test_a_body_that_says_nothing_of_its_type_is_read_as_json(checkins: Served, member: str) -> None:
    body = json.dumps({"member": member, "mood": 3}).encode()
    answer = checkins.http.post("/check-ins", content=body)
    assert "content-type" not in answer.request.headers
    assert answer.status_code == 201


def test_a_batch_of_1001_is_413(checkins: Served, member: str) -> None:
    problem(checkins.http.post("/check-ins/batch", json=[{"member": member, "mood": 3}] * 1_001), 413, "too-large")
    problem(checkins.http.post("/check-ins/batch", json={"member": CANARY}), 422)


def test_a_colleagues_flag_is_stored_with_each_sign_once(checkins: Served, member: str) -> None:
    body = {
        "member": member,
        "signs": ["guilt", "anger", "guilt"],
        "reporter": checkins.enrol(),
        "urgent": True,
        "note": CANARY,
    }
    answer = checkins.http.post("/distress-flags", json=body)
    assert answer.status_code == 201
    state = bytes(checkins.rows("SELECT state FROM checkins_events WHERE originator_id = %s", answer.json()["id"])[0]["state"])
    assert b'"signs":["guilt","anger"]' in state
    assert CANARY.encode() not in state


def test_who_flags_by_their_own_token_is_the_reporter_named_or_not(checkins: Served, member: str) -> None:
    colleague = checkins.enrol()
    answer = checkins.http.post(
        "/distress-flags", json={"member": member, "signs": ["guilt"]}, headers=checkins.as_person(colleague)
    )
    state = bytes(checkins.rows("SELECT state FROM checkins_events WHERE originator_id = %s", answer.json()["id"])[0]["state"])
    assert f'"reporter":"{colleague}"'.encode() in state


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"signs": []}, "/signs"),
        ({"signs": [CANARY]}, "/signs/0"),
        ({"signs": CANARY}, "/signs"),
        ({"signs": ["guilt"] * 9}, "/signs"),
        ({"urgent": "yes"}, "/urgent"),
        ({"reporter": CANARY}, "/reporter"),
    ],
)
def test_a_wrong_flag_is_422(change: dict[str, object], pointer: str, checkins: Served, member: str) -> None:
    answer = checkins.http.post("/distress-flags", json={"member": member, "signs": ["guilt"]} | change)
    assert pointer in pointers(problem(answer, 422))


def test_a_flag_by_or_about_nobody_is_404(checkins: Served, member: str) -> None:
    nobody = str(uuid4())
    for body, pointer in (({"member": nobody}, "/member"), ({"member": member, "reporter": nobody}, "/reporter")):
        answer = checkins.http.post("/distress-flags", json={"signs": ["guilt"]} | body)
        assert pointers(problem(answer, 404, "unknown-member")) == {pointer}


def test_a_time_is_kept_in_utc_and_defaults_to_now(checkins: Served, member: str) -> None:
    checkins.check_in(member, recorded_at="2026-01-02T08:00:00+14:00")
    before = datetime.now(UTC)
    later = UUID(checkins.check_in(member).json()["id"])
    rows = {row["id"]: row["recorded_at"] for row in checkins.rows("SELECT id, recorded_at FROM check_ins")}
    assert datetime(2026, 1, 1, 18, tzinfo=UTC) in rows.values()
    assert before <= rows[later] <= datetime.now(UTC)


def _position(checkins: Served, check_in: str) -> int:
    rows = checkins.rows("SELECT notification_id FROM checkins_events WHERE originator_id = %s", check_in)
    return int(rows[0]["notification_id"])
