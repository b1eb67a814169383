"""A consent that is withdrawn is withdrawn for whatever comes after it, in the same group of commands too."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.checkins.application import (
    ChangeMember,
    Checkins,
    Command,
    EraseMember,
    FlagDistress,
    RecordCheckIn,
    RecordCheckIns,
)
from services.checkins.domain import CheckIn, DistressFlag
from services.checkins.relay import translate
from shared.clock import utc_now
from shared.errors import Problem
from shared.events.checkins import ConsentChanged
from shared.store.encryption import MemberKeys
from shared.store.event_store import Conflict, EventStore
from shared.store.group_commit import Decision, Done, GroupCommit, record_decisions
from shared.store.key_encryption import KeyFile
from tests.checkins.problems import problem
from tests.checkins.serving import Served

CALLS_FOR_LINES = "I want to die"


@pytest.fixture
def store(checkins: Served) -> Iterator[EventStore]:
    with EventStore("checkins", checkins.database_url) as store:
        yield store


@pytest.fixture
def member(checkins: Served) -> UUID:
    return UUID(checkins.enrol(country="GB", consents={"analytics": True, "text": True, "contact": True}))


def check_in(member: UUID) -> RecordCheckIn:
    return RecordCheckIn(CheckIn(uuid4(), member, datetime.now(UTC), 1, wants_contact=True), CALLS_FOR_LINES)


def withdrawing(member: UUID, *consents: str) -> ChangeMember:
    return ChangeMember(member, {}, dict.fromkeys(consents, False), None, None)


def together(checkins: Served, store: EventStore, *commands: Command) -> list[Any]:
    """What comes of commands that arrived while another was being decided, so that they are one group."""
    decided = Checkins(store, MemberKeys(store, KeyFile(checkins.keys.folder / "kek")), utc_now).decide
    busy, arrived = threading.Event(), threading.Event()

    def decide(commands: Sequence[Command]) -> list[Decision[Any] | Exception]:
        busy.set()
        arrived.wait()
        return decided(commands)

    async def submit(commit: GroupCommit[Command, Any]) -> list[Any]:
        first = asyncio.create_task(commit.submit(check_in(UUID(checkins.enrol()))))
        await asyncio.to_thread(busy.wait)
        rest = [asyncio.create_task(commit.submit(command)) for command in commands]
        await asyncio.sleep(0)
        arrived.set()
        await first
        return [one.result if isinstance(one, Done) else one for one in await asyncio.gather(*rest, return_exceptions=True)]

    with contextlib.closing(GroupCommit(store, decide)) as commit:
        return asyncio.run(submit(commit))


def found(checkins: Served, answer: dict[str, Any]) -> set[str]:
    """What was found in the check-in's note, and travels."""
    rows = checkins.rows("SELECT category FROM note_findings WHERE check_in = %s", answer["id"])
    return {row["category"] for row in rows}


def test_a_note_in_the_same_group_is_looked_at_before_the_withdrawal_and_not_after(
    checkins: Served, store: EventStore, member: UUID
) -> None:
    before, _, after = together(checkins, store, check_in(member), withdrawing(member, "text"), check_in(member))
    assert [found(checkins, one) for one in (before, after)] == [{"self_harm"}, set()]


def test_a_consent_that_is_given_in_a_group_is_given_for_the_rest_of_it(
    checkins: Served, store: EventStore, member: UUID
) -> None:
    checkins.http.patch(f"/members/{member}", json={"consents": {"text": False}})
    giving = ChangeMember(member, {}, {"text": True}, None, None)
    *_, after = together(checkins, store, giving, check_in(member))
    assert found(checkins, after) == {"self_harm"}


@pytest.mark.parametrize("consent", ["analytics", "contact"])
def test_readers_hear_of_a_withdrawal_before_what_came_after_it(
    checkins: Served, store: EventStore, member: UUID, consent: str
) -> None:
    batch = RecordCheckIns((check_in(member), check_in(member)), (0, 1), ())
    start = (store.postgres.max_notification_id() or 0) + 2  # after those of the one that was being decided
    together(checkins, store, check_in(member), withdrawing(member, consent), batch)
    heard = [translate(event) for _, event in store.notifications(start, 10)]
    assert [type(event).__name__ for event in heard] == ["CheckInRecorded", "ConsentChanged", *["CheckInRecorded"] * 2]
    assert isinstance(heard[1], ConsentChanged)
    assert getattr(heard[1].consents, consent) is False


@pytest.mark.parametrize("program", [{"team": "care"}, {"languages": ["de"]}])
def test_a_change_that_changes_nothing_undoes_no_withdrawal_of_the_same_group(
    checkins: Served, store: EventStore, member: UUID, program: dict[str, Any]
) -> None:
    place = checkins.rows("SELECT place FROM members WHERE id = %s", member)[0]["place"]
    same = ChangeMember(member, {name: place[name] for name in program}, {}, None, "service:x")
    together(checkins, store, withdrawing(member, "text"), same)
    assert consents_of(checkins, member)["text"] is False


def test_nobody_else_consents_anew_in_the_group_of_a_withdrawal(checkins: Served, store: EventStore, member: UUID) -> None:
    anew = ChangeMember(member, {}, {"text": True}, None, "service:x")
    _, refused = together(checkins, store, withdrawing(member, "text"), anew)
    assert isinstance(refused, Problem)
    assert refused.status == 403
    assert consents_of(checkins, member)["text"] is False


def test_nothing_about_an_erased_member_is_decided_in_the_group_of_the_erasure(
    checkins: Served, store: EventStore, member: UUID
) -> None:
    flag = FlagDistress(DistressFlag(uuid4(), member, ("guilt",)), "a note")
    after = (ChangeMember(member, {"team": "night"}, {}, None, None), check_in(member), flag, EraseMember(member))
    erased, *others = together(checkins, store, EraseMember(member), *after)
    assert erased["receipt"]
    assert [other.status for other in others] == [404] * 4
    for table, column in (("members", "id"), ("check_ins", "member"), ("distress_flags", "member"), ("member_keys", "member")):
        assert checkins.rows(f"SELECT 1 FROM {table} WHERE {column} = %s", member) == []


def test_a_command_that_was_decided_before_an_erasure_elsewhere_is_decided_again(
    checkins: Served, store: EventStore, member: UUID
) -> None:
    """Another process erased them between this one's reading and its writing."""
    decide = Checkins(store, MemberKeys(store, KeyFile(checkins.keys.folder / "kek")), utc_now).decide
    (decision,) = decide([check_in(member)])
    assert isinstance(decision, Decision)
    assert checkins.http.delete(f"/members/{member}", headers=checkins.admin()).status_code == 202
    with pytest.raises(Conflict):
        record_decisions(store, [decision])


def test_over_http_the_next_note_is_not_looked_at_any_more(checkins: Served, member: UUID) -> None:
    checkins.check_in(str(member), note=CALLS_FOR_LINES)
    assert checkins.http.patch(f"/members/{member}", json={"consents": {"text": False}}).status_code == 200
    checkins.check_in(str(member), note=CALLS_FOR_LINES)
    assert len(checkins.rows("SELECT check_in FROM note_findings WHERE member = %s", member)) == 1


def accesses(checkins: Served, member: UUID) -> list[tuple[str, str]]:
    """Who did what, the latest first."""
    answer = checkins.http.get(f"/members/{member}/accesses", headers=checkins.as_person(str(member)))
    return [(one["reader"], one["what"]) for one in answer.json()["items"]]


def consents_of(checkins: Served, member: UUID) -> dict[str, bool]:
    consents: dict[str, bool] = checkins.rows("SELECT consents FROM members WHERE id = %s", member)[0]["consents"]
    return consents


@pytest.mark.parametrize("consent", ["analytics", "text", "contact"])
def test_only_the_member_consents_to_anything_more(checkins: Served, consent: str) -> None:
    member = UUID(checkins.enrol())
    change = {"consents": {consent: True}, "languages": ["fr"]}
    for other in (checkins.admin(), checkins.program("members:write")):
        answer = problem(checkins.http.patch(f"/members/{member}", json=change, headers=other), 403, "forbidden")
        assert "Only the member consents" in answer["detail"]
    assert not any(consents_of(checkins, member).values())
    assert checkins.rows("SELECT place FROM members WHERE id = %s", member)[0]["place"]["languages"] == ["de"]
    me = checkins.as_person(str(member))
    assert checkins.http.patch(f"/members/{member}", json=change, headers=me).status_code == 200
    assert consents_of(checkins, member)[consent] is True
    assert accesses(checkins, member) == []


def test_a_member_sees_who_withdrew_a_consent_for_them_and_which(checkins: Served, member: UUID) -> None:
    before = datetime.now(UTC)
    for header, change in (
        (checkins.admin(), {"text": False, "analytics": False}),
        (checkins.program("members:write"), {"text": False, "contact": False}),
    ):
        assert checkins.http.patch(f"/members/{member}", json={"consents": change}, headers=header).status_code == 200
    withdrawn = [("admin:test", "analytics withdrawn"), ("admin:test", "text withdrawn"), ("service:test", "contact withdrawn")]
    assert accesses(checkins, member) == withdrawn[::-1]
    (at,) = checkins.rows("SELECT min(at) AS first, max(at) AS last FROM accesses WHERE member = %s", member)
    assert before <= at["first"] <= at["last"] <= datetime.now(UTC)


def test_what_stays_as_it_is_may_be_sent_by_others_and_is_nobodys_doing(checkins: Served, member: UUID) -> None:
    assert checkins.http.patch(f"/members/{member}", json={"consents": {"text": True}}).status_code == 200
    assert accesses(checkins, member) == []
    assert all(consents_of(checkins, member).values())


def test_an_issuers_subject_that_may_be_a_name_is_told_as_a_hash(checkins: Served, member: UUID) -> None:
    header = {"Authorization": f"Bearer {checkins.keys.token('jo@example.com', roles=['admin'])}"}
    checkins.http.patch(f"/members/{member}", json={"consents": {"text": False}}, headers=header)
    assert [(who.partition(":")[0], what) for who, what in accesses(checkins, member)] == [("sub-sha256", "text withdrawn")]
