"""Batches of members' events into the view and into alerts, on a real database."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from services.alerts.domain.members import Member
from services.alerts.views.members import VIEW
from shared.events.checkins import CheckInRecorded, MemberErased
from shared.store.erasures import Erased
from shared.store.event_store import Conflict
from tests.alerts.world import START, Receiver, World

Start = Callable[..., Awaitable[Receiver]]


def request(world: World, member: object) -> CheckInRecorded:
    at = world.clock()
    values = {"member": member, "check_in": uuid4(), "mood": 3, "wants_contact": True}
    return CheckInRecorded.model_validate({"occurred_at": at, "recorded_at": at, **values})


async def test_reading_again_raises_nothing_again(world: World, receivers: Start) -> None:
    receiver = await receivers()
    world.supporter(receiver)
    event = request(world, world.member())
    world.tell(event, event)
    world.tell(event)
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
    assert len(receiver.got) == 1


async def test_two_readers_of_one_event_conflict_and_one_alert_stays(world: World) -> None:
    _, effects = VIEW.fold(Member(member := world.member(), known=True, contact=True), request(world, member))
    one, other = world.intake.act_on(effects, {}), world.intake.act_on(effects, {})
    world.store.record(one.events, one.writes)
    with pytest.raises(Conflict):
        world.store.record(other.events, other.writes)
    assert world.intake.act_on(effects, {}).events == []


async def test_who_is_erased_while_they_are_being_asked_is_not_asked(world: World, receivers: Start) -> None:
    leaver, stays = world.member(), world.member()
    world.supporter(await receivers(), member=leaver)
    _, effects = VIEW.fold(Member(member := world.member(), known=True, contact=True), request(world, member))
    asking = world.intake.act_on(effects, {})
    world.tell(MemberErased(occurred_at=world.clock(), member=leaver))
    with pytest.raises(Conflict):
        world.store.record(asking.events, asking.writes)
    receiver = await receivers()
    world.supporter(receiver, member=stays)
    again = world.intake.act_on(effects, {})
    world.store.record(again.events, again.writes)
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
    assert receiver.types() == ["alert.offered"]


async def test_who_was_asked_while_they_were_being_erased_is_rerouted_at_once(world: World, receivers: Start) -> None:
    leaver, stays = world.member(), world.member()
    world.supporter(await receivers(), member=leaver)
    leaving = world.intake.act_on((Erased(leaver, START),), {})
    alert = world.asks_for_somebody(world.member())
    world.store.record(leaving.events, leaving.writes)
    receiver = await receivers()
    world.supporter(receiver, member=stays)
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
    assert (receiver.types(), world.state(alert)) == (["alert.offered"], "offered")


async def test_alerts_of_one_batch_are_spread_over_the_supporters(world: World, receivers: Start) -> None:
    endpoints = [await receivers() for _ in range(4)]
    for endpoint in endpoints:
        world.supporter(endpoint)
    world.tell(*(request(world, member) for member in [world.member() for _ in range(8)]))
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
    assert [len(endpoint.got) for endpoint in endpoints] == [2, 2, 2, 2]


async def test_without_a_supporter_it_goes_outside_and_to_the_first_who_enrols(world: World, receivers: Start) -> None:
    alert = world.asks_for_somebody(world.member())
    assert world.state(alert) == "outside"
    receiver = await receivers()
    async with world.dispatcher() as dispatcher:
        world.clock.move(minutes=10)
        await dispatcher.drain()
        world.supporter(receiver)
        await dispatcher.drain()
    assert (receiver.types(), world.state(alert)) == (["alert.offered"], "offered")


async def test_a_chain_that_is_not_known_yet_keeps_everybody_out_until_it_is(world: World, receivers: Start) -> None:
    receiver = await receivers()
    world.supporter(receiver)
    member = world.member(manager=uuid4())
    alert = world.asks_for_somebody(member)
    assert world.state(alert) == "outside"
    world.moves(member, world.member())
    world.clock.move(seconds=1)
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
    assert receiver.types() == ["alert.offered"]


async def test_erasure_ends_what_is_open_about_a_member(world: World, receivers: Start) -> None:
    receiver = await receivers()
    world.supporter(receiver)
    member = world.member()
    alert = world.asks_for_somebody(member)
    world.tell(MemberErased(occurred_at=world.clock(), member=member))
    assert world.state(alert) == "cancelled"
    assert world.rows("SELECT id FROM timers") == []


async def test_an_erased_supporters_offers_go_to_the_next(world: World, receivers: Start) -> None:
    first = await receivers()
    erased = world.supporter(first)
    alert = world.asks_for_somebody(world.member())
    second = await receivers()
    world.supporter(second)
    world.tell(MemberErased(occurred_at=world.clock(), member=world.member_of(erased)))
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
    assert (first.types(), second.types()) == ([], ["alert.offered"])
    assert world.state(alert) == "offered"


async def test_a_red_alert_goes_its_way_in_human_time(world: World, receivers: Start) -> None:
    """Undelivered at 120 s, unanswered 3 minutes later, and the outside route by 10 minutes: nobody answers."""
    dead, second, third = await receivers(500), await receivers(), await receivers()
    asked = {world.supporter(dead): dead}
    alert = world.is_in_danger(world.member())
    asked |= {world.supporter(second): second, world.supporter(third): third}
    seen: list[tuple[int, int, str]] = []
    async with world.dispatcher() as dispatcher:
        for seconds in range(0, 601, 5):
            await dispatcher.drain()
            seen.append((seconds, sum(bool(each.got) for each in asked.values()), world.state(alert)))
            world.clock.move(seconds=5)
    reached = {count: next(at for at, found, _ in seen if found == count) for count in (1, 2, 3)}
    assert reached == {1: 0, 2: 120, 3: 300}
    assert next(at for at, _, state in seen if state == "outside") == 480
    assert dead.types().count("alert.offered") == 6
    assert len({body["id"] for body in dead.got if body["type"] == "alert.offered"}) == 1


async def test_a_replaced_endpoint_gets_what_the_old_one_could_not_take(world: World, receivers: Start) -> None:
    old, new = await receivers(500), await receivers()
    supporter = world.supporter(old)
    world.asks_for_somebody(world.member())
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
        world.endpoint(supporter, new)
        await dispatcher.drain()
    assert new.types() == ["alert.offered"]
