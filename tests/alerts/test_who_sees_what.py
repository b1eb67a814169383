"""What the member, the supporters and ops each see of an alert, and who of them is kept out after a move."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from tests.alerts.door import Door
from tests.alerts.test_alerts_api import token_for
from tests.alerts.world import Receiver, World

Start = Callable[..., Awaitable[Receiver]]


@pytest.fixture
async def declined(world: World, door: Door, receivers: Start) -> tuple[UUID, UUID]:
    """A member, and the alert about them that one supporter declined and the next accepted."""
    for _ in range(2):
        world.supporter(await receivers())
    member = world.member()
    alert = world.asks_for_somebody(member)
    await door.client.post(f"/alerts/{alert}/decline", params={"token": token_for(world, alert)})
    await door.client.post(f"/alerts/{alert}/accept", params={"token": token_for(world, alert)})
    return member, alert


def accepted_by(world: World, alert: UUID) -> UUID:
    supporter = world.alerts.load(alert).accepted_by
    assert supporter is not None
    return supporter


async def timeline(door: Door, alert: UUID, headers: dict[str, str]) -> list[str]:
    answer = await door.client.get(f"/alerts/{alert}", headers=headers)
    return [entry["event"] for entry in answer.json()["timeline"]]


async def test_that_somebody_declined_is_for_who_declined_and_for_ops(
    world: World, door: Door, declined: tuple[UUID, UUID]
) -> None:
    member, alert = declined
    accepting = door.as_("supporter", world.member_of(accepted_by(world, alert)))
    assert await timeline(door, alert, door.as_("member", member)) == ["raised", "accepted"]
    assert await timeline(door, alert, accepting) == ["raised", "offered", "accepted"]
    assert await timeline(door, alert, door.as_("ops")) == ["raised", "offered", "declined", "offered", "accepted"]


async def test_who_became_a_manager_after_accepting_is_told_nothing_more(
    world: World, door: Door, declined: tuple[UUID, UUID]
) -> None:
    member, alert = declined
    person = world.member_of(accepted_by(world, alert))
    world.moves(member, person)
    mine = door.as_("supporter", person)
    assert str(member) not in (await door.client.get(f"/alerts/{alert}", headers=mine)).text
    assert (await door.client.post(f"/alerts/{alert}/contact", headers=mine)).status_code == 409


async def test_a_member_sees_who_was_told_about_them_and_nobody_else_does(
    world: World, door: Door, declined: tuple[UUID, UUID]
) -> None:
    member, alert = declined
    supporter = accepted_by(world, alert)
    await door.client.get(f"/alerts/{alert}", headers=door.as_("supporter", world.member_of(supporter)))
    seen = await door.client.get(f"/members/{member}/accesses", headers=door.as_("member", member))
    person = str(world.member_of(supporter))
    assert [(item["alert"], item["reader"]) for item in seen.json()["items"]] == [(str(alert), person)]
    assert (await door.client.get(f"/members/{member}/accesses", headers=door.as_("admin"))).status_code == 403


async def test_a_member_is_told_all_that_is_held_about_them(world: World, door: Door, declined: tuple[UUID, UUID]) -> None:
    member, alert = declined
    answer = await door.client.get(f"/members/{member}/held", headers=door.as_("member", member))
    held = answer.json()["held"]
    assert held["member"]["languages"] == ["en"]
    assert [(one["id"], one["state"]) for one in held["alerts_about_you"]] == [(str(alert), "accepted")]
    assert held["as_supporter"] is None
    assert str(accepted_by(world, alert)) in answer.text


async def test_a_supporter_is_told_what_they_were_asked_and_not_about_whom(
    world: World, door: Door, declined: tuple[UUID, UUID]
) -> None:
    member, alert = declined
    person = world.member_of(accepted_by(world, alert))
    answer = await door.client.get(f"/members/{person}/held", headers=door.as_("supporter", person))
    supporter = answer.json()["held"]["as_supporter"]
    assert [(one["alert"], one["state"]) for one in supporter["offers"]] == [(str(alert), "accepted")]
    assert [one["url"].rpartition("/")[2] for one in supporter["endpoints"]] == ["hook"]
    assert str(member) not in answer.text
    assert "whsec_" not in answer.text


async def test_what_is_held_is_told_to_nobody_else(world: World, door: Door, declined: tuple[UUID, UUID]) -> None:
    member, _ = declined
    for role in ("admin", "ops", "clinical_lead", "service"):
        assert (await door.client.get(f"/members/{member}/held", headers=door.as_(role))).status_code == 403


async def test_a_clinical_lead_of_the_management_chain_neither_reads_nor_closes_an_alert(world: World, door: Door) -> None:
    boss = world.member()
    alert = world.asks_for_somebody(world.member(manager=boss))
    theirs = door.as_("clinical_lead", boss)
    assert (await door.client.get(f"/alerts/{alert}", headers=theirs)).status_code == 403
    assert (await door.client.post(f"/alerts/{alert}/close", headers=theirs)).status_code == 403
    other = door.as_("clinical_lead", world.member())
    assert (await door.client.get(f"/alerts/{alert}", headers=other)).status_code == 200
    assert (await door.client.post(f"/alerts/{alert}/close", headers=other)).status_code == 200
