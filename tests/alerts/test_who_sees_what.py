"""What the member, the supporters and ops each see of an alert, and who of them is kept out after a move."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import httpx
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


async def test_to_a_clinical_lead_of_the_management_chain_there_is_no_such_alert(world: World, door: Door) -> None:
    boss = world.member()
    alert = world.asks_for_somebody(world.member(manager=boss))
    theirs, nowhere = door.as_("clinical_lead", boss), uuid4()
    for path in ("/alerts/{}", "/alerts/{}/claim"):
        kept, none = [await door.client.get(path.format(one), headers=theirs) for one in (alert, nowhere)]
        assert (kept.status_code, told(kept, alert)) == (404, told(none, nowhere))
    world.supporter(member=boss)
    for step in ("accept", "close", "danger"):
        body = {"ground": "danger_to_self"}
        kept, none = [await door.client.post(f"/alerts/{one}/{step}", json=body, headers=theirs) for one in (alert, nowhere)]
        assert (kept.status_code, told(kept, alert)) == (404, told(none, nowhere)), step
    other = door.as_("clinical_lead", world.member())
    assert (await door.client.get(f"/alerts/{alert}", headers=other)).status_code == 200
    assert (await door.client.post(f"/alerts/{alert}/close", headers=other)).status_code == 200


async def test_what_a_clinical_lead_must_not_hear_of_is_in_no_page_of_the_list(world: World, door: Door) -> None:
    boss = world.member()
    others: list[str] = []
    kept: list[str] = []
    for turn in range(12):
        world.clock.move(seconds=1)
        kept_apart = turn % 3
        member = world.member(manager=boss) if kept_apart else world.member()
        (kept if kept_apart else others).append(str(world.asks_for_somebody(member)))
    world.clock.move(seconds=1)
    kept.append(str(world.is_in_danger(world.member(), boss)))
    own = str(world.asks_for_somebody(boss))
    theirs = [own, *reversed(others)]
    for limit in (1, 2, 5, 50):
        assert await listed(door, door.as_("clinical_lead", boss), limit) == theirs
    assert set(await listed(door, door.as_("clinical_lead", world.member()), 3)) == {*theirs, *kept}
    assert set(await listed(door, door.as_("ops"), 50)) == {*theirs, *kept}


async def listed(door: Door, headers: dict[str, str], limit: int) -> list[str]:
    """The ids of all pages."""
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        asked = {"limit": str(limit)} | ({"after": after} if after else {})
        page = (await door.client.get("/alerts", params=asked, headers=headers)).json()
        assert len(page["items"]) == limit or page["next"] is None
        found, after = found + [item["id"] for item in page["items"]], page["next"]
    return found


def told(answer: httpx.Response, alert: UUID) -> str:
    """Without what names the request."""
    return answer.text.replace(str(alert), "")
