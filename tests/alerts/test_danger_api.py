"""Danger: who may decide it, what it changes, and who sees that it was decided."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.events.checkins import MemberErased
from tests.alerts.door import Door
from tests.alerts.test_alerts_api import offered_to, token_for
from tests.alerts.test_withdrawal import left_of, sent
from tests.alerts.world import Receiver, World

Start = Callable[..., Awaitable[Receiver]]
SELF = {"ground": "danger_to_self"}


@pytest.fixture
async def endpoint(world: World, receivers: Start) -> Receiver:
    """Of the one supporter there is."""
    found = await receivers()
    world.supporter(found)
    return found


async def decide(
    door: Door, alert: UUID, by: UUID | None, body: Any = SELF, role: str = "clinical_lead", **more: Any
) -> httpx.Response:
    return await door.client.post(f"/alerts/{alert}/danger", json=body, headers=door.as_(role, by), **more)


@pytest.mark.usefixtures("endpoint")
async def test_what_a_lead_decided_outlives_the_withdrawal_and_the_members_cancelling(world: World, door: Door) -> None:
    member, lead = world.member(), world.member()
    alert = world.asks_for_somebody(member)
    link = {"token": token_for(world, alert)}
    answer = await decide(door, alert, lead)
    assert (answer.status_code, answer.json()) == (200, {"id": str(alert), "state": "offered"})
    world.agrees(member)
    cancelled = await door.client.post(f"/alerts/{alert}/cancel", headers=door.as_("member", member))
    steps = [await door.client.post(f"/alerts/{alert}/{step}", params=link) for step in ("accept", "contact")]
    assert (cancelled.status_code, [step.status_code for step in steps]) == (409, [200, 200])
    assert "member" in (await door.client.get(f"/alerts/{alert}", params=link)).json()
    assert (await door.client.post(f"/alerts/{alert}/close", params=link)).status_code == 200
    assert "member" not in (await door.client.get(f"/alerts/{alert}", params=link)).json()


async def test_what_was_just_withdrawn_is_offered_again_as_at_the_beginning(
    world: World, door: Door, endpoint: Receiver
) -> None:
    member, lead = world.member(), world.member()
    alert = world.is_in_danger(member)
    mine = door.as_("supporter", world.member_of(offered_to(world, alert)))
    await sent(world)
    await door.client.post(f"/alerts/{alert}/accept", headers=mine)
    world.agrees(member)
    await sent(world)
    answer = await decide(door, alert, lead, {"ground": "danger_to_others"})
    await sent(world)
    assert answer.json()["state"] == "offered"
    assert endpoint.types() == ["alert.offered", "alert.withdrawn", "alert.offered"]
    numbers = [body["data"]["sequence"] for body in endpoint.got]
    assert numbers == sorted(set(numbers))
    assert "member" not in (await door.client.get(f"/alerts/{alert}", headers=mine)).json()
    assert (await door.client.post(f"/alerts/{alert}/accept", headers=mine)).status_code == 200
    assert (await door.client.get(f"/alerts/{alert}", headers=mine)).json()["member"] == str(member)


@pytest.mark.usefixtures("endpoint")
async def test_a_day_later_or_after_another_end_it_is_a_wrong_step(world: World, door: Door) -> None:
    member, lead = world.member(), world.member()
    withdrawn, cancelled = world.asks_for_somebody(member), world.asks_for_somebody(other := world.member())
    await door.client.post(f"/alerts/{cancelled}/cancel", headers=door.as_("member", other))
    world.agrees(member)
    world.clock.move(hours=24)
    answers = [await decide(door, alert, lead) for alert in (withdrawn, cancelled)]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert left_of(world, withdrawn) == ([], 0)
    assert (await decide(door, uuid4(), lead)).status_code == 404


@pytest.mark.usefixtures("endpoint")
async def test_it_is_decided_once(world: World, door: Door) -> None:
    alert = world.asks_for_somebody(world.member())
    answers = [await decide(door, alert, world.member()) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409]


@pytest.mark.parametrize("role", ["member", "supporter", "facilitator", "evaluator", "manager", "ops", "admin"])
@pytest.mark.usefixtures("endpoint")
async def test_no_other_role_decides_it(world: World, door: Door, role: str) -> None:
    alert = world.asks_for_somebody(world.member())
    assert (await decide(door, alert, world.member(), role=role)).status_code == 403
    assert world.alerts.load(alert).in_danger is False


@pytest.mark.usefixtures("endpoint")
async def test_no_program_decides_it_and_nobody_without_a_name(world: World, door: Door) -> None:
    alert = world.asks_for_somebody(world.member())
    by_key = door.keys.token(str(world.member()), scopes=["alerts:read"], roles=["clinical_lead"])
    headers = [{"Authorization": f"Bearer {by_key}"}, door.as_("service"), door.as_("clinical_lead")]
    headers += [door.as_("clinical_lead", uuid4())]
    answers = [await door.client.post(f"/alerts/{alert}/danger", json=SELF, headers=each) for each in headers]
    assert [answer.status_code for answer in answers] == [401, 403, 403, 403]
    link = {"token": token_for(world, alert)}
    assert (await door.client.post(f"/alerts/{alert}/danger", json=SELF, params=link)).status_code == 401


@pytest.mark.usefixtures("endpoint")
async def test_who_is_recused_does_not_decide_it(world: World, door: Door) -> None:
    above = world.member()
    member = world.member(manager=above)
    below, reporter = world.member(manager=member), world.member()
    alert = world.is_in_danger(member, reporter)
    answers = [await decide(door, alert, each) for each in (above, member, below, reporter)]
    assert [answer.status_code for answer in answers] == [404, 403, 404, 404], "only the member knows of it"


@pytest.mark.usefixtures("endpoint")
async def test_about_who_was_erased_nothing_is_opened_again(world: World, door: Door) -> None:
    member, lead = world.member(), world.member()
    alert = world.asks_for_somebody(member)
    world.agrees(member)
    world.tell(MemberErased(occurred_at=world.clock(), member=member))
    assert (await decide(door, alert, lead)).status_code == 404


@pytest.mark.parametrize("body", [{}, {"ground": "worry"}, {"ground": None}, SELF | {"note": "CANARY"}, [], "CANARY"])
@pytest.mark.usefixtures("endpoint")
async def test_a_ground_is_one_of_two_and_nothing_else_is_said(world: World, door: Door, body: Any) -> None:
    answer = await decide(door, world.asks_for_somebody(world.member()), world.member(), body)
    assert answer.status_code == 422
    assert "CANARY" not in answer.text


@pytest.mark.usefixtures("endpoint")
async def test_the_member_sees_who_decided_it_and_on_which_ground(world: World, door: Door) -> None:
    member, lead = world.member(), world.member()
    alert = world.asks_for_somebody(member)
    link = {"token": token_for(world, alert)}
    await decide(door, alert, lead)
    me = door.as_("member", member)
    logged = (await door.client.get(f"/members/{member}/accesses", headers=me)).json()["items"]
    assert [(item["alert"], item["reader"], item["what"]) for item in logged] == [(str(alert), str(lead), "danger")]
    own = (await door.client.get(f"/alerts/{alert}", headers=me)).json()["timeline"]
    assert {"event": "danger_decided", "by": str(lead), "ground": "danger_to_self"}.items() <= own[-1].items()
    await door.client.post(f"/alerts/{alert}/accept", params=link)
    for reader, sees in ((door.as_("ops"), True), (door.as_("clinical_lead"), True)):
        text = (await door.client.get(f"/alerts/{alert}", headers=reader)).text
        assert ("danger_to_self" in text) is sees
    theirs = (await door.client.get(f"/alerts/{alert}", params=link)).text
    assert "danger" not in theirs
    assert str(lead) not in theirs


@pytest.mark.usefixtures("endpoint")
async def test_the_same_request_again_is_the_same_decision(world: World, door: Door) -> None:
    member, lead = world.member(), world.member()
    alert = world.asks_for_somebody(member)
    key = door.as_("clinical_lead", lead) | {"Idempotency-Key": "once"}
    answers = [await door.client.post(f"/alerts/{alert}/danger", json=SELF, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(world.rows("SELECT id FROM accesses")) == 1
