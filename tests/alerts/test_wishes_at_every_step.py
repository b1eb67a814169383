"""What people say about who may be asked holds at every step: at the raising, for who was asked, and for who has it."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from services.alerts.application.alerts import TakeStep
from tests.alerts.door import Door
from tests.alerts.test_alerts_api import token_for
from tests.alerts.test_wishes import block, declare, end, prefer
from tests.alerts.world import Receiver, World

Start = Callable[..., Awaitable[Receiver]]


async def keep_apart(how: str, door: Door, member: UUID, person: UUID) -> None:
    said = {
        "block": lambda: block(door, member, person),
        "veto": lambda: prefer(door, member, vetoed=[person]),
        "conflict": lambda: declare(door, door.as_("member", person), person, member),
        "hr_case": lambda: declare(door, door.as_("admin"), member, person, kind="hr_case"),
    }
    answer = await said[how]()
    assert answer.status_code in (200, 201), answer.text


everything = pytest.mark.parametrize("how", ["block", "veto", "conflict", "hr_case"])


def asked(world: World, alert: UUID) -> list[UUID]:
    return [offer.supporter for offer in world.alerts.load(alert).open_offers]


async def due(world: World) -> None:
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()


@everything
async def test_who_is_kept_apart_is_not_asked_to_begin_with(how: str, world: World, door: Door, receivers: Start) -> None:
    apart, free = world.supporter(await receivers()), world.supporter(await receivers())
    member = world.member()
    await keep_apart(how, door, member, world.member_of(apart))
    alert = world.asks_for_somebody(member)
    assert asked(world, alert) == [free]
    await door.client.post(f"/alerts/{alert}/decline", params={"token": token_for(world, alert)})
    assert (asked(world, alert), world.state(alert)) == ([], "outside")


@everything
async def test_who_was_asked_can_not_take_it_any_more_and_the_next_one_is_asked(
    how: str, world: World, door: Door, receivers: Start
) -> None:
    first, member = world.supporter(await receivers()), world.member()
    alert = world.asks_for_somebody(member)
    token = token_for(world, alert)
    second = world.supporter(await receivers())
    await keep_apart(how, door, member, world.member_of(first))
    assert (await door.client.post(f"/alerts/{alert}/accept", params={"token": token})).status_code == 409
    await due(world)
    assert asked(world, alert) == [second]


@everything
async def test_who_has_it_is_told_nothing_more_and_loses_it(how: str, world: World, door: Door, receivers: Start) -> None:
    first, member = world.supporter(await receivers()), world.member()
    alert = world.asks_for_somebody(member)
    token = token_for(world, alert)
    await door.client.post(f"/alerts/{alert}/accept", params={"token": token})
    second = world.supporter(await receivers())
    await keep_apart(how, door, member, world.member_of(first))
    assert str(member) not in (await door.client.get(f"/alerts/{alert}", params={"token": token})).text
    assert (await door.client.post(f"/alerts/{alert}/contact", params={"token": token})).status_code == 409
    await due(world)
    assert world.state(alert) == "outside"
    world.clock.move(seconds=1)
    await due(world)
    assert asked(world, alert) == [second]


async def test_who_accepts_it_at_the_same_time_loses_it_again(world: World, door: Door, receivers: Start) -> None:
    supporter, member = world.supporter(await receivers()), world.member()
    alert = world.asks_for_somebody(member)
    accepting = world.alerts.take(TakeStep(alert, "accept", supporter))
    await block(door, member, world.member_of(supporter))
    world.do(accepting)
    assert world.state(alert) == "accepted"
    await due(world)
    assert world.state(alert) == "outside"


async def test_a_lead_who_is_kept_apart_neither_reads_nor_closes_it(world: World, door: Door) -> None:
    lead, member = world.member(), world.member()
    alert = world.asks_for_somebody(member)
    await block(door, member, lead)
    who = door.as_("clinical_lead", lead)
    assert (await door.client.get(f"/alerts/{alert}", headers=who)).status_code == 404
    assert (await door.client.post(f"/alerts/{alert}/close", headers=who)).status_code == 404
    danger = await door.client.post(f"/alerts/{alert}/danger", json={"ground": "danger_to_self"}, headers=who)
    assert danger.status_code == 404


async def test_whom_the_member_chose_is_asked_first(world: World, door: Door, receivers: Start) -> None:
    supporters = [world.supporter(await receivers()) for _ in range(4)]
    for chosen in supporters:
        member = world.member()
        await prefer(door, member, chosen=[world.member_of(chosen)])
        assert asked(world, world.asks_for_somebody(member)) == [chosen]


@pytest.mark.parametrize("how", ["block", "veto", "conflict"])
async def test_when_it_is_taken_back_the_outside_routes_alert_is_offered_at_once(
    how: str, world: World, door: Door, receivers: Start
) -> None:
    supporter, member = world.supporter(await receivers()), world.member()
    person = world.member_of(supporter)
    made = {
        "block": lambda: block(door, member, person),
        "veto": lambda: prefer(door, member, vetoed=[person]),
        "conflict": lambda: declare(door, door.as_("member", member), member, person),
    }
    answer = await made[how]()
    alert = world.asks_for_somebody(member)
    assert world.state(alert) == "outside"
    if how == "veto":
        await prefer(door, member)
    else:
        assert await end(door, f"{how}s", answer, door.as_("member", member)) == 200
    await due(world)
    assert asked(world, alert) == [supporter]
