from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from tests.checkins.problems import problem
from tests.checkins.serving import Served, serve

ALERT_READ = {"id": 7, "alert": str(uuid4()), "reader": str(uuid4()), "at": "2030-01-01T00:00:00Z"}


class Peer(ThreadingHTTPServer):
    """Another service's API, on a real socket: it answers what it is told to, and remembers with whose token it was asked."""

    def __init__(self, answers: dict[str, tuple[int, Any]]) -> None:
        self.asked: list[tuple[str, str | None]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(handler) -> None:  # noqa: N805
                self.asked.append((handler.path, handler.headers["Authorization"]))
                end = handler.path.partition("?")[0].rpartition("/")[2]
                status, body = answers.get(end, (404, {}))
                handler.send_response(status)
                handler.end_headers()
                handler.wfile.write(json.dumps(body).encode())

            def log_message(handler, *_: Any) -> None:  # noqa: N805
                return

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"


@contextmanager
def _answering(**answers: tuple[int, Any]) -> Iterator[Peer]:
    with Peer(answers) as peer:
        thread = Thread(target=peer.serve_forever)
        thread.start()
        yield peer
        peer.shutdown()
        thread.join()


@pytest.fixture
def beside(checkins: Served) -> Iterator[Any]:
    """checkins once more on the same database, beside peers."""
    with ExitStack() as stack:

        def served(**peers: str) -> Served:
            return stack.enter_context(serve(checkins.database_url, checkins.keys, peers=peers))

        yield served


def test_a_member_has_everything_in_one_file(beside: Any) -> None:
    with _answering(held=(200, {"service": "alerts", "held": {"alerts_about_you": []}})) as alerts:
        checkins = beside(alerts=alerts.url)
        member = checkins.enrol(name="Ada Lovelace")
        checkins.check_in(member, note="a hard week")
        colleague = checkins.enrol()
        flag = {"member": member, "signs": ["guilt"], "reporter": colleague, "note": "she said so"}
        checkins.http.post("/distress-flags", json=flag)
        me = checkins.as_person(member)
        answer = checkins.http.get(f"/members/{member}/export", headers=me)
        assert alerts.asked == [(f"/members/{member}/held", me["Authorization"])]
    assert "attachment" in answer.headers["content-disposition"]
    exported = answer.json()
    assert (exported["complete"], exported["missing"], exported["member"]) == (True, [], member)
    assert exported["held"]["alerts"] == {"alerts_about_you": []}
    own = exported["held"]["checkins"]
    assert own["name"] == "Ada Lovelace"
    assert own["place"]["team"] == "night"
    assert [one["note"] for one in own["check_ins"]] == ["a hard week"]
    assert "found_in_your_notes" in own
    assert [(one["signs"], one["note"]) for one in own["concerns_about_you"]] == [(["guilt"], "she said so")]
    assert colleague not in answer.text


def test_who_reported_a_concern_finds_it_in_their_own_file(beside: Any) -> None:
    checkins = beside()
    member, colleague = checkins.enrol(), checkins.enrol()
    flag = {"member": member, "signs": ["guilt"], "reporter": colleague, "note": "she said so"}
    checkins.http.post("/distress-flags", json=flag)
    answer = checkins.http.get(f"/members/{colleague}/export", headers=checkins.as_person(colleague))
    assert [one["about"] for one in answer.json()["held"]["checkins"]["concerns_by_you"]] == [member]
    assert "she said so" not in answer.text


def test_the_name_in_the_file_is_the_last_one(beside: Any) -> None:
    checkins = beside()
    member = checkins.enrol(name="Ada")
    checkins.http.patch(f"/members/{member}", json={"name": "Ada King"})
    answer = checkins.http.get(f"/members/{member}/export", headers=checkins.as_person(member))
    assert answer.json()["held"]["checkins"]["name"] == "Ada King"


def test_a_file_says_what_is_missing_while_a_service_is_away(beside: Any) -> None:
    with _answering(held=(503, {})) as ill:
        checkins = beside(alerts="http://127.0.0.1:9", recognition=ill.url)
        member = checkins.enrol()
        exported = checkins.http.get(f"/members/{member}/export", headers=checkins.as_person(member)).json()
    assert (exported["complete"], exported["missing"]) == (False, ["alerts", "recognition"])
    assert exported["held"]["checkins"]["name"] == "Ada"


@pytest.mark.parametrize("what", ["export", "held", "accesses"])
def test_what_is_held_is_told_to_its_member_only(checkins: Served, member: str, what: str) -> None:
    path = f"/members/{member}/{what}"
    for other in (checkins.as_person(checkins.enrol()), checkins.as_person(checkins.enrol(), "manager"), checkins.admin()):
        problem(checkins.http.get(path, headers=other), 403)
    problem(checkins.http.get(path), 403)
    problem(checkins.http.get(path, headers={"Authorization": ""}), 401)


def test_an_export_is_in_the_list_of_who_read_what_with_what_other_services_tell(beside: Any) -> None:
    with _answering(accesses=(200, {"items": [ALERT_READ], "next": None}), held=(200, {"held": {}})) as alerts:
        checkins = beside(alerts=alerts.url)
        member = checkins.enrol()
        me = checkins.as_person(member)
        checkins.http.get(f"/members/{member}/check-ins", headers=me)
        checkins.http.get(f"/members/{member}/export", headers=me)
        listed = checkins.http.get(f"/members/{member}/accesses", headers=me).json()
    assert [(one["service"], one.get("what")) for one in listed["items"]] == [
        ("alerts", None),
        ("checkins", "export"),
        ("checkins", "check-ins"),
    ]
    assert (listed["next"], "missing" in listed) == (None, False)
    assert [one["reader"] for one in listed["items"][1:]] == [member, member]
    assert all(one["at"].endswith("Z") for one in listed["items"])


def test_reading_what_is_held_here_is_not_called_an_export(checkins: Served, member: str) -> None:
    me = checkins.as_person(member)
    checkins.http.get(f"/members/{member}/held", headers=me)
    listed = checkins.http.get(f"/members/{member}/accesses", headers=me).json()
    assert [one["what"] for one in listed["items"]] == ["held"]


def test_a_long_list_of_who_read_what_comes_in_pages_from_all_services(beside: Any) -> None:
    with _answering(accesses=(200, {"items": [], "next": None})) as alerts:
        checkins = beside(alerts=alerts.url)
        member = checkins.enrol()
        me = checkins.as_person(member)
        for _ in range(5):
            checkins.http.get(f"/members/{member}/check-ins", headers=me)
        path, seen = f"/members/{member}/accesses?limit=2", []
        page = checkins.http.get(path, headers=me).json()
        seen += page["items"]
        while page["next"]:
            page = checkins.http.get(f"{path}&after={page['next']}", headers=me).json()
            seen += page["items"]
    assert len({one["id"] for one in seen}) == len(seen) == 5


def test_a_list_says_which_service_could_not_be_asked(beside: Any) -> None:
    checkins = beside(alerts="http://127.0.0.1:9")
    member = checkins.enrol()
    listed = checkins.http.get(f"/members/{member}/accesses", headers=checkins.as_person(member)).json()
    assert listed == {"items": [], "next": None, "missing": ["alerts"]}


@pytest.mark.parametrize("cursor", ["x", "eyJjaGVja2lucyI6ICJ4In0", "WzFd"])
def test_a_cursor_of_another_list_is_422(checkins: Served, member: str, cursor: str) -> None:
    problem(checkins.http.get(f"/members/{member}/accesses?after={cursor}", headers=checkins.as_person(member)), 422)


def test_nothing_is_left_of_a_concern_when_its_member_is_erased(beside: Any) -> None:
    checkins = beside()
    member, colleague = checkins.enrol(), checkins.enrol()
    checkins.http.post("/distress-flags", json={"member": member, "signs": ["guilt"], "reporter": colleague, "note": "she"})
    checkins.http.post("/distress-flags", json={"member": colleague, "signs": ["anger"], "reporter": member})
    checkins.http.delete(f"/members/{member}", headers=checkins.as_person(member))
    assert checkins.rows("SELECT 1 FROM distress_flags WHERE member = %s OR reporter = %s", member, member) == []
    assert len(checkins.rows("SELECT 1 FROM distress_flags WHERE member = %s", colleague)) == 1
    problem(checkins.http.get(f"/members/{member}/export", headers=checkins.as_person(member)), 404)
