"""What alerts forgets of who was erased, as a member and as a supporter, whatever came first."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID, uuid4

import pytest

from services.alerts.application.staff import RegisterEndpoint
from shared.errors import Problem
from shared.events.checkins import MemberErased
from shared.kafka.reapplied import apply
from shared.store.erasures import Erased
from shared.store.event_store import Conflict
from tests.alerts.door import Door
from tests.alerts.test_alerts_api import token_for
from tests.alerts.test_intake import request
from tests.alerts.world import ADMIN, Receiver, World

Start = Callable[..., Awaitable[Receiver]]


def erase(world: World, *members: UUID) -> None:
    world.tell(*(MemberErased(occurred_at=world.clock(), member=member) for member in members))


def missed(world: World, members: Sequence[UUID]) -> None:
    """What a process does on a restored backup, before its stream has come to them."""
    apply(world.store, world.reader, [Erased(member, world.clock()) for member in members])


async def test_of_an_erased_supporter_neither_address_nor_secrets_nor_what_was_sent_is_left(
    world: World, receivers: Start
) -> None:
    supporter = world.supporter(await receivers())
    alert = world.asks_for_somebody(world.member())
    erase(world, world.member_of(supporter))
    assert world.rows("SELECT FROM endpoints") == world.rows("SELECT FROM supporters") == []
    (owed,) = world.rows("SELECT state, endpoint, body FROM deliveries WHERE alert = %s", alert)
    assert (owed["state"], owed["endpoint"], bytes(owed["body"])) == ("failed", None, b"")
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
    assert world.state(alert) == "outside"


async def test_an_erased_supporters_claim_link_is_good_for_nothing(world: World, door: Door, receivers: Start) -> None:
    supporter = world.supporter(await receivers())
    alert = world.asks_for_somebody(world.member())
    token = token_for(world, alert)
    assert (await door.client.get(f"/alerts/{alert}", params={"token": token})).status_code == 200
    erase(world, world.member_of(supporter))
    assert (await door.client.get(f"/alerts/{alert}", params={"token": token})).status_code == 401
    assert (await door.client.post(f"/alerts/{alert}/accept", params={"token": token})).status_code == 401


async def test_who_was_erased_is_told_of_nothing_that_is_held(world: World, door: Door) -> None:
    member, seen_later = world.member(), world.member()
    world.asks_for_somebody(member)
    erase(world, member)
    missed(world, [seen_later])
    for gone in (member, seen_later):
        answer = await door.client.get(f"/members/{gone}/held", headers=door.as_("member", gone))
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "unknown-member")


async def test_an_endpoint_decided_on_just_before_an_erasure_is_not_kept(world: World, receivers: Start) -> None:
    receiver = await receivers()
    supporter = world.supporter(receiver)
    decision = world.staff.register(RegisterEndpoint(supporter, receiver.url, ADMIN))
    erase(world, world.member_of(supporter))
    with pytest.raises(Conflict):
        world.store.record(decision.events, decision.writes)
    with pytest.raises(Problem, match="unknown-supporter"):
        world.staff.register(RegisterEndpoint(supporter, receiver.url, ADMIN))


async def test_what_is_read_again_of_somebody_known_to_be_erased_raises_nothing(world: World, receivers: Start) -> None:
    """A restored database folds their check-ins before it comes to their erasure."""
    receiver = await receivers()
    world.supporter(receiver)
    member = world.member()
    missed(world, [member])
    world.tell(request(world, member))
    assert world.rows("SELECT FROM alerts") == []
    world.tell(MemberErased(occurred_at=world.clock(), member=member))
    assert world.rows("SELECT erased FROM members WHERE member = %s", member) == [{"erased": True}]


async def test_a_supporter_known_to_be_erased_is_asked_for_nothing_though_the_view_has_them(
    world: World, receivers: Start
) -> None:
    gone, stays = world.supporter(await receivers()), world.supporter(await receivers())
    missed(world, [world.member_of(gone)])
    alert = world.asks_for_somebody(world.member())
    assert [offer.supporter for offer in world.alerts.load(alert).offers] == [stays]


async def test_an_alert_about_who_is_known_to_be_erased_ends_and_names_nobody(
    world: World, door: Door, receivers: Start
) -> None:
    supporter = world.supporter(await receivers())
    member = world.member()
    alert = world.asks_for_somebody(member)
    await door.client.post(f"/alerts/{alert}/accept", params={"token": token_for(world, alert)})
    mine = door.as_("supporter", world.member_of(supporter))
    assert (await door.client.get(f"/alerts/{alert}", headers=mine)).json()["member"] == str(member)
    missed(world, [member])
    assert world.state(alert) == "cancelled"
    assert str(member) not in (await door.client.get(f"/alerts/{alert}", headers=mine)).text
    assert world.rows("SELECT FROM accesses WHERE member = %s", member) == []


async def test_missed_erasures_applied_twice_change_nothing_more(world: World) -> None:
    member = world.member()
    missed(world, [member])
    before = world.rows("SELECT * FROM erasures")
    world.clock.move(hours=1)
    missed(world, [member, member])
    erase(world, member)
    assert world.rows("SELECT * FROM erasures") == before


async def test_only_who_was_not_heard_of_yet_may_soon_be_a_supporter(world: World, door: Door) -> None:
    gone = world.member()
    erase(world, gone)
    for member, again in ((gone, None), (uuid4(), "1")):
        body = {"member": str(member), "languages": ["en"], "skills": []}
        answer = await door.client.post("/supporters", json=body, headers=door.as_("admin"))
        assert (answer.status_code, answer.headers.get("Retry-After")) == (404, again)


async def test_the_member_is_told_when_it_was_done_here_and_nobody_else_is(world: World, door: Door) -> None:
    member = world.member()
    mine = door.as_("member", member)
    assert (await door.client.get(f"/erasures/{member}", headers=mine)).status_code == 404
    erase(world, member)
    told = (await door.client.get(f"/erasures/{member}", headers=mine)).json()
    assert (told["service"], told["member"]) == ("alerts", str(member))
    assert (await door.client.get(f"/erasures/{member}", headers=door.as_("member", uuid4()))).status_code == 403
    assert (await door.client.get(f"/erasures/{member}", headers=door.as_("ops"))).status_code == 403
