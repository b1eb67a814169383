"""Who says what about who may be asked about whom, who can take it back, and who sees it."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.alerts.application.wishing import Block
from services.alerts.domain import events
from shared.auth import Caller
from shared.store.event_store import Conflict
from shared.store.events import PrivateEvent
from tests.alerts.door import Door
from tests.alerts.test_erasure import erase
from tests.alerts.world import World


async def declare(door: Door, who: dict[str, str], member: UUID, other: UUID, **more: str) -> Any:
    body = {"member": str(member), "with": str(other), **more}
    return await door.client.post("/conflicts", json=body, headers=who)


async def block(door: Door, member: UUID, blocked: UUID, **headers: str) -> Any:
    body = {"member": str(member), "blocked": str(blocked)}
    return await door.client.post("/blocks", json=body, headers=door.as_("member", member) | headers)


async def prefer(door: Door, member: UUID, chosen: list[UUID] | None = None, vetoed: list[UUID] | None = None) -> Any:
    body = {"chosen": [str(one) for one in chosen or []], "vetoed": [str(one) for one in vetoed or []]}
    return await door.client.post(f"/members/{member}/preferences", json=body, headers=door.as_("member", member))


async def held(door: Door, member: UUID) -> Any:
    answer = await door.client.get(f"/members/{member}/held", headers=door.as_("member", member))
    return answer.json()["held"]


async def end(door: Door, what: str, answer: Any, who: dict[str, str]) -> int:
    ended = await door.client.delete(f"/{what}/{answer.json()['id']}", headers=who)
    return int(ended.status_code)


@pytest.mark.parametrize("kind", [{}, {"kind": "hr_case"}])
async def test_a_conflict_is_declared_by_either_of_the_two_a_lead_or_an_admin(
    world: World, door: Door, kind: dict[str, str]
) -> None:
    one, other = world.member(), world.member()
    callers = [door.as_("member", one), door.as_("member", other), door.as_("clinical_lead", uuid4()), door.as_("admin")]
    answers = [await declare(door, who, one, other, **kind) for who in callers]
    assert [answer.status_code for answer in answers] == [201] * 4
    assert answers[0].headers["x-position"].startswith("alerts:")
    third = await declare(door, door.as_("member", world.member()), one, other, **kind)
    assert third.status_code == 403


async def test_a_second_time_is_a_409_to_who_declared_it_and_tells_the_other_nothing(world: World, door: Door) -> None:
    one, other = world.member(), world.member()
    assert (await declare(door, door.as_("member", one), one, other)).status_code == 201
    assert (await declare(door, door.as_("member", one), other, one)).status_code == 409
    assert (await declare(door, door.as_("member", other), one, other)).status_code == 201


async def test_a_conflict_is_ended_by_who_declared_it_and_by_no_lead_whom_it_is_about(world: World, door: Door) -> None:
    one, lead = world.member(), world.member()
    declared = await declare(door, door.as_("member", one), one, lead)
    assert await end(door, "conflicts", declared, door.as_("member", lead)) == 403
    assert await end(door, "conflicts", declared, door.as_("clinical_lead", lead)) == 403
    assert await end(door, "conflicts", declared, door.as_("member", one)) == 200
    assert await end(door, "conflicts", declared, door.as_("member", one)) == 404
    another = await declare(door, door.as_("member", one), one, lead)
    assert await end(door, "conflicts", another, door.as_("clinical_lead", world.member())) == 200


async def test_a_block_is_the_members_own_to_make_and_to_end(world: World, door: Door) -> None:
    member, blocked = world.member(), world.member()
    made = await block(door, member, blocked)
    assert made.status_code == 201
    assert (await block(door, member, blocked)).status_code == 409
    body = {"member": str(member), "blocked": str(uuid4())}
    for who in (door.as_("member", blocked), door.as_("admin"), door.as_("clinical_lead", uuid4())):
        assert (await door.client.post("/blocks", json=body, headers=who)).status_code == 403
        assert await end(door, "blocks", made, who) == 403
    assert await end(door, "blocks", made, door.as_("member", member)) == 200
    assert (await block(door, member, blocked)).status_code == 201


async def test_a_repeated_block_with_its_key_gets_the_first_answer(world: World, door: Door) -> None:
    member, blocked = world.member(), world.member()
    answers = [await block(door, member, blocked, **{"Idempotency-Key": "b-1"}) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert len(world.rows("SELECT FROM blocks")) == 1


async def test_preferences_take_the_place_of_what_was_said_before(world: World, door: Door) -> None:
    member = world.member()
    one, other = (world.member_of(world.supporter()) for _ in range(2))
    first = await prefer(door, member, chosen=[one], vetoed=[other])
    assert (first.status_code, first.json()) == (200, {"chosen": [str(one)], "vetoed": [str(other)]})
    assert (await prefer(door, member, chosen=[other])).status_code == 200
    assert (await held(door, member))["preferences"] == {"chosen": [str(other)], "vetoed": []}


async def test_wrong_preferences_are_refused_whole(world: World, door: Door) -> None:
    member, supporter = world.member(), world.member_of(world.supporter())
    both = await prefer(door, member, chosen=[supporter], vetoed=[supporter])
    assert (both.status_code, both.json()["errors"][0]["pointer"]) == (422, "/vetoed")
    nobody = await prefer(door, member, chosen=[supporter, world.member()])
    assert (nobody.status_code, nobody.json()["errors"][0]["pointer"]) == (404, "/chosen/1")
    body = {"chosen": [], "vetoed": [], "why": "words"}
    prose = await door.client.post(f"/members/{member}/preferences", json=body, headers=door.as_("member", member))
    assert prose.status_code == 422
    assert world.rows("SELECT FROM preferences") == []


async def test_nobody_is_kept_apart_from_themselves_or_from_who_is_not_known(world: World, door: Door) -> None:
    member = world.member()
    itself, unknown = await block(door, member, member), await block(door, member, uuid4())
    assert (itself.status_code, itself.json()["errors"][0]["pointer"]) == (422, "/blocked")
    assert (unknown.status_code, unknown.headers["retry-after"]) == (404, "1")
    alone = await declare(door, door.as_("admin"), member, member)
    assert (alone.status_code, alone.json()["errors"][0]["pointer"]) == (422, "/with")


async def test_members_see_what_they_said_and_never_that_somebody_blocked_or_vetoed_them(world: World, door: Door) -> None:
    member, supporter = world.member(), world.member_of(world.supporter())
    await declare(door, door.as_("member", member), member, supporter)
    await declare(door, door.as_("admin"), member, supporter, kind="hr_case")
    await block(door, member, supporter)
    await prefer(door, member, vetoed=[supporter])
    mine, theirs = await held(door, member), await held(door, supporter)
    assert [(one["with"], one["kind"]) for one in mine["conflicts"]] == [(str(supporter), "declared")]
    assert [one["blocked"] for one in mine["blocks"]] == [str(supporter)]
    assert mine["preferences"] == {"chosen": [], "vetoed": [str(supporter)]}
    assert str(member) not in str(theirs)
    assert (theirs["conflicts"], theirs["blocks"], theirs["preferences"]) == ([], [], {"chosen": [], "vetoed": []})


async def test_the_stored_events_tell_of_nobody(world: World, door: Door) -> None:
    member, supporter = world.member(), world.member_of(world.supporter())
    before = len(world.store.notifications(0, 100))
    made = await block(door, member, supporter)
    await end(door, "blocks", made, door.as_("member", member))
    conflict = await declare(door, door.as_("member", member), member, supporter)
    await end(door, "conflicts", conflict, door.as_("member", member))
    await prefer(door, member, chosen=[supporter])
    stored: list[PrivateEvent] = [event for _, event in world.store.notifications(0, 100)][before:]
    kinds = (events.Blocked, events.Unblocked, events.ConflictDeclared, events.ConflictEnded, events.PreferencesSet)
    assert tuple(type(event) for event in stored) == kinds
    assert not any(str(person) in str(stored) for person in (member, supporter))


async def test_of_the_erased_nothing_that_they_said_and_nothing_about_them_is_left(world: World, door: Door) -> None:
    gone, stays = (world.member_of(world.supporter()) for _ in range(2))
    await block(door, gone, stays)
    await block(door, stays, gone)
    await prefer(door, gone, chosen=[stays])
    await prefer(door, stays, vetoed=[gone])
    await declare(door, door.as_("member", stays), gone, stays)
    erase(world, gone)
    assert world.rows("SELECT FROM blocks") == world.rows("SELECT FROM conflicts") == []
    assert world.rows("SELECT member, chosen, vetoed FROM preferences") == [{"member": stays, "chosen": [], "vetoed": []}]
    about_them = await block(door, stays, gone)
    assert about_them.status_code == 404
    assert "retry-after" not in about_them.headers, "they won't be known in a moment either"
    assert (await block(door, gone, stays)).status_code == 404


async def test_a_conflict_between_others_outlives_the_lead_who_declared_it_without_their_name(world: World, door: Door) -> None:
    one, other, lead = (world.member() for _ in range(3))
    declared = await declare(door, door.as_("clinical_lead", lead), one, other)
    erase(world, lead)
    assert world.rows("SELECT member, other, declared_by FROM conflicts") == [
        {"member": one, "other": other, "declared_by": None}
    ]
    assert await end(door, "conflicts", declared, door.as_("clinical_lead", lead)) == 404
    assert await end(door, "conflicts", declared, door.as_("admin")) == 200


async def test_who_is_erased_between_the_decision_and_the_commit_is_not_written_about(world: World) -> None:
    member, blocked = world.member(), world.member()
    decision = world.wishing.block(Block(member, blocked, Caller(str(member), member=member)))
    erase(world, blocked)
    with pytest.raises(Conflict):
        world.store.record(decision.events, decision.writes)
