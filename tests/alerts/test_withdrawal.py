"""A consent that is withdrawn while something is under way: in the database, over sockets, and against who steps in between."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from services.alerts.application.alerts import TakeStep
from services.alerts.application.reading import Reader, Reading
from services.alerts.domain.alert import Alert
from services.alerts.domain.members import Consent
from services.alerts.views.members import Revocation
from shared.errors import Problem
from shared.events.checkins import CheckInRecorded, ConsentChanged, Consents
from shared.store.event_store import Conflict
from tests.alerts.door import Door
from tests.alerts.test_alerts_api import offered_to, token_for
from tests.alerts.world import Receiver, World

Start = Callable[..., Awaitable[Receiver]]


@pytest.fixture
async def endpoints(world: World, receivers: Start) -> list[Receiver]:
    """Of two supporters."""
    found = [await receivers() for _ in range(2)]
    for endpoint in found:
        world.supporter(endpoint)
    return found


def worst(world: World, member: UUID) -> CheckInRecorded:
    at, how = world.clock(), {"mood": 1, "energy": 1, "stress": 5}
    return CheckInRecorded(occurred_at=at, member=member, check_in=uuid4(), recorded_at=at, **how)


def asking(world: World, member: UUID) -> CheckInRecorded:
    at = world.clock()
    return CheckInRecorded(occurred_at=at, member=member, check_in=uuid4(), recorded_at=at, mood=3, wants_contact=True)


def reconsidered(world: World, member: UUID, analytics: bool = False, contact: bool = False) -> ConsentChanged:
    consents = Consents(analytics=analytics, contact=contact)
    return ConsentChanged(occurred_at=world.clock(), member=member, consents=consents)


async def sent(world: World) -> None:
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()


def states(world: World, member: UUID) -> list[str]:
    rows = world.rows("SELECT id, state FROM alerts WHERE member = %s ORDER BY raised_at, id", member)
    assert [row["state"] for row in rows] == [world.state(row["id"]) for row in rows]
    return [row["state"] for row in rows]


def left_of(world: World, alert: UUID) -> tuple[list[str], int]:
    """The states of offers that anybody still holds, and how many timers and owed offers there are."""
    held = world.rows("SELECT state FROM offers WHERE alert = %s AND state IN ('open', 'accepted')", alert)
    timers = world.rows("SELECT id FROM timers WHERE alert = %s", alert)
    owed = world.rows("SELECT id FROM deliveries WHERE alert = %s AND state = 'owed' AND type <> 'alert.withdrawn'", alert)
    return [row["state"] for row in held], len(timers) + len(owed)


async def test_an_owed_offer_is_owed_no_more_and_its_supporter_is_told(world: World, receivers: Start) -> None:
    endpoint = await receivers(500, 200)
    world.supporter(endpoint)
    member = world.member()
    alert = world.asks_for_somebody(member)
    await sent(world)
    world.agrees(member, analytics=True)
    await sent(world)
    world.clock.move(days=2)
    await sent(world)
    assert endpoint.types() == ["alert.offered", "alert.withdrawn"]
    assert (states(world, member), left_of(world, alert)) == (["cancelled"], ([], 0))


async def test_who_accepted_is_told_and_reads_the_name_no_more(world: World, door: Door, endpoints: list[Receiver]) -> None:
    member = world.member()
    alert = world.asks_for_somebody(member)
    mine = door.as_("supporter", world.member_of(offered_to(world, alert)))
    link = {"token": token_for(world, alert)}
    await sent(world)
    await door.client.post(f"/alerts/{alert}/accept", headers=mine)
    assert (await door.client.get(f"/alerts/{alert}", headers=mine)).json()["member"] == str(member)
    world.agrees(member)
    await sent(world)
    read = [await door.client.get(f"/alerts/{alert}", headers=mine), await door.client.get(f"/alerts/{alert}", params=link)]
    assert {(answer.status_code, "member" in answer.json()) for answer in read} == {(200, False)}
    assert str(member) not in "".join(answer.text for answer in read)
    assert len(world.rows("SELECT id FROM accesses")) == 1
    assert sorted(type_ for endpoint in endpoints for type_ in endpoint.types()) == ["alert.offered", "alert.withdrawn"]
    steps = [await door.client.post(f"/alerts/{alert}/{step}", params=link) for step in ("accept", "contact", "close")]
    assert {step.status_code for step in steps} == {409}


@pytest.mark.usefixtures("endpoints")
async def test_of_what_was_closed_before_the_name_is_read_no_more_either(world: World, door: Door) -> None:
    member = world.member()
    alert = world.asks_for_somebody(member)
    link = {"token": token_for(world, alert)}
    for step in ("accept", "close"):
        await door.client.post(f"/alerts/{alert}/{step}", params=link)
    assert "member" in (await door.client.get(f"/alerts/{alert}", params=link)).json()
    world.agrees(member)
    assert "member" not in (await door.client.get(f"/alerts/{alert}", params=link)).json()


@pytest.mark.usefixtures("endpoints")
async def test_a_check_in_and_the_withdrawal_in_one_batch_ask_nobody(world: World) -> None:
    member = world.member()
    world.tell(worst(world, member), asking(world, member), reconsidered(world, member))
    assert states(world, member) == ["cancelled", "cancelled"]
    assert world.rows("SELECT id FROM deliveries") == world.rows("SELECT id FROM timers") == []


@pytest.mark.parametrize("at_once", [True, False])
async def test_who_withdraws_and_then_asks_for_a_person_is_heard(
    world: World, endpoints: list[Receiver], at_once: bool
) -> None:
    member = world.member()
    first = world.asks_for_somebody(member)
    events = (reconsidered(world, member), worst(world, member), asking(world, member))
    world.clock.move(seconds=1)
    for batch in [events] if at_once else [(event,) for event in events]:
        world.tell(*batch)
    await sent(world)
    assert states(world, member) == ["cancelled", "offered"]
    assert left_of(world, first) == ([], 0)
    assert sorted(type_ for endpoint in endpoints for type_ in endpoint.types()).count("alert.withdrawn") <= 1


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.usefixtures("endpoints")
async def test_consent_given_again_brings_nothing_back_and_new_signals_count(world: World, at_once: bool) -> None:
    member = world.member()
    world.tell(worst(world, member))
    world.clock.move(minutes=1)
    events = (reconsidered(world, member), reconsidered(world, member, True, True), worst(world, member))
    for batch in [events] if at_once else [(event,) for event in events]:
        world.tell(*batch)
    assert states(world, member) == ["cancelled", "offered"]


@pytest.mark.usefixtures("endpoints")
async def test_without_analysis_only_what_somebody_asked_for_or_took_goes_on(world: World) -> None:
    member, taken = world.member(), world.member()
    world.tell(worst(world, member), worst(world, taken))
    accepted = world.alert_about(taken)
    world.do(world.alerts.take(TakeStep(accepted, "accept", offered_to(world, accepted))))
    world.clock.move(minutes=1)
    world.asks_for_somebody(member)
    for one in (member, taken):
        world.agrees(one, contact=True)
    assert (states(world, member), states(world, taken)) == (["cancelled", "offered"], ["accepted"])


@pytest.mark.usefixtures("endpoints")
async def test_a_colleagues_urgent_flag_is_heard_without_consent(world: World) -> None:
    member = world.member()
    world.agrees(member)
    assert world.state(world.is_in_danger(member)) == "offered"


@pytest.mark.usefixtures("endpoints")
async def test_the_withdrawal_that_comes_second_takes_the_alert_from_who_was_first(world: World) -> None:
    member = world.member()
    alert = world.asks_for_somebody(member)
    effects = (Revocation(member, Consent.CONTACT),)
    decided_too_early = world.intake.act_on(effects, {})
    world.do(world.alerts.take(TakeStep(alert, "accept", offered_to(world, alert))))
    with pytest.raises(Conflict):
        world.store.record(decided_too_early.events, decided_too_early.writes)
    again = world.intake.act_on(effects, {})
    world.store.record(again.events, again.writes)
    assert (world.state(alert), left_of(world, alert)) == ("cancelled", ([], 0))


@pytest.mark.usefixtures("endpoints")
async def test_who_accepts_second_has_nothing_left_to_accept(world: World) -> None:
    member = world.member()
    alert = world.asks_for_somebody(member)
    step = TakeStep(alert, "accept", offered_to(world, alert))
    decided_too_early = world.alerts.take(step)
    world.agrees(member)
    with pytest.raises(Conflict):
        world.do(decided_too_early)
    with pytest.raises(Problem):
        world.alerts.take(step)
    assert (world.state(alert), left_of(world, alert)) == ("cancelled", ([], 0))


async def test_whoever_wins_of_a_withdrawal_and_an_acceptance_the_end_is_the_same(
    world: World, door: Door, endpoints: list[Receiver]
) -> None:
    answers: list[int] = []
    alerts: list[Alert] = []
    for _ in range(20):
        member = world.member()
        alert = world.is_in_danger(member)
        link = {"token": token_for(world, alert)}
        accepted, _ = await asyncio.gather(
            door.client.post(f"/alerts/{alert}/accept", params=link), asyncio.to_thread(world.agrees, member)
        )
        answers.append(accepted.status_code)
        alerts.append(world.alerts.load(alert))
        assert "member" not in (await door.client.get(f"/alerts/{alert}", params=link)).json()
        assert left_of(world, alert) == ([], 0)
    await sent(world)
    assert set(answers) <= {200, 409}
    assert {(str(alert.state), alert.accepted_by) for alert in alerts} == {("cancelled", None)}
    told = [body["data"]["alert"] for endpoint in endpoints for body in endpoint.got if body["type"] == "alert.withdrawn"]
    assert sorted(told) == sorted(str(alert.id) for alert in alerts)


@pytest.mark.usefixtures("endpoints")
async def test_no_name_is_read_and_written_down_once_the_withdrawal_is_stored(world: World, door: Door) -> None:
    """Readers at the very moment: whoever is told the name is in the log, and nobody is after the withdrawal."""
    member = world.member()
    alert = world.asks_for_somebody(member)
    link = {"token": token_for(world, alert)}
    await door.client.post(f"/alerts/{alert}/accept", params=link)
    read, *_ = await asyncio.gather(
        asyncio.gather(*(door.client.get(f"/alerts/{alert}", params=link) for _ in range(10))),
        asyncio.to_thread(world.agrees, member),
    )
    told = sum("member" in answer.json() for answer in read)
    assert len(world.rows("SELECT id FROM accesses")) == told
    assert "member" not in (await door.client.get(f"/alerts/{alert}", params=link)).json()


@pytest.mark.usefixtures("endpoints")
async def test_a_withdrawal_between_looking_and_telling_is_found(world: World) -> None:
    member = world.member()
    alert = world.asks_for_somebody(member)
    supporter = offered_to(world, alert)
    world.do(world.alerts.take(TakeStep(alert, "accept", supporter)))

    def just_then() -> datetime:
        world.agrees(member)
        return world.clock()

    assert "member" in Reading(world.store, world.clock).alert(alert, Reader(supporter))
    assert "member" not in Reading(world.store, just_then).alert(alert, Reader(supporter))
    assert len(world.rows("SELECT id FROM accesses")) == 1
