"""Reading alerts and taking steps: who may, what they see, and what is written down."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from services.alerts.domain.claims import Claim
from tests.alerts.door import Door
from tests.alerts.world import Receiver, World

Start = Callable[..., Awaitable[Receiver]]


@pytest.fixture
async def asked(world: World, receivers: Start) -> list[UUID]:
    """Two supporters with endpoints."""
    return [world.supporter(await receivers()) for _ in range(2)]


def offered_to(world: World, alert: UUID) -> UUID:
    return world.alerts.load(alert).open_offers[0].supporter


def token_for(world: World, alert: UUID) -> str:
    offer = world.alerts.load(alert).open_offers[0]
    return world.links.token(Claim(alert, offer.supporter, offer.sequence))


@pytest.mark.usefixtures("asked")
async def test_only_who_accepted_is_told_whom_it_is_about(world: World, door: Door) -> None:
    member = world.member()
    alert = world.asks_for_somebody(member)
    mine = door.as_("supporter", world.member_of(offered_to(world, alert)))
    before = await door.client.get(f"/alerts/{alert}", headers=mine)
    accepted = await door.client.post(f"/alerts/{alert}/accept", headers=mine)
    after = await door.client.get(f"/alerts/{alert}", headers=mine)
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    assert str(member) not in before.text
    assert after.json()["member"] == str(member)


@pytest.mark.usefixtures("asked")
async def test_reading_an_identity_is_written_down(world: World, door: Door) -> None:
    member = world.member()
    alert = world.asks_for_somebody(member)
    supporter = offered_to(world, alert)
    mine = door.as_("supporter", world.member_of(supporter))
    await door.client.post(f"/alerts/{alert}/accept", headers=mine)
    await door.client.get(f"/alerts/{alert}", headers=mine)
    logged = world.rows("SELECT alert, member, reader FROM accesses")
    assert logged == [{"alert": alert, "member": member, "reader": world.member_of(supporter)}]


@pytest.mark.parametrize("role", ["ops", "admin", "clinical_lead", "service"])
@pytest.mark.usefixtures("asked")
async def test_who_runs_it_sees_every_alert_and_nobodys_identity(world: World, door: Door, role: str) -> None:
    member = world.member()
    alert = world.asks_for_somebody(member)
    answer = await door.client.get(f"/alerts/{alert}", headers=door.as_(role))
    listed = await door.client.get("/alerts", headers=door.as_(role))
    assert answer.json()["signals"] == [{"detector": "explicit_request", "points": 4, "reason": "They asked to be contacted."}]
    assert [entry["event"] for entry in answer.json()["timeline"]] == ["raised", "offered"]
    assert [item["id"] for item in listed.json()["items"]] == [str(alert)]
    assert str(member) not in answer.text + listed.text


@pytest.mark.usefixtures("asked")
async def test_others_see_nothing(world: World, door: Door) -> None:
    alert = world.asks_for_somebody(world.member())
    manager = door.as_("manager", uuid4())
    assert (await door.client.get(f"/alerts/{alert}", headers=manager)).status_code == 403
    assert (await door.client.get("/alerts", headers=manager)).json() == {"items": [], "next": None}
    assert (await door.client.get(f"/alerts/{alert}")).status_code == 401
    assert (await door.client.get(f"/alerts/{uuid4()}", headers=door.as_("ops"))).status_code == 404


@pytest.mark.usefixtures("asked")
async def test_a_claim_link_answers_without_an_account(world: World, door: Door) -> None:
    alert = world.asks_for_somebody(world.member())
    token = token_for(world, alert)
    answer = await door.client.post(f"/alerts/{alert}/accept", params={"token": token})
    assert (answer.status_code, answer.json()["state"]) == (200, "accepted")
    read = await door.client.get(f"/alerts/{alert}", headers={"Authorization": f"Bearer {token}"})
    assert "member" in read.json()


@pytest.mark.usefixtures("asked")
async def test_a_claim_link_is_good_for_its_own_alert_only(world: World, door: Door) -> None:
    one, other = world.asks_for_somebody(world.member()), world.asks_for_somebody(world.member())
    token = token_for(world, one)
    wrong = [token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "", "x", token]
    answers = [await door.client.post(f"/alerts/{other}/accept", params={"token": each}) for each in wrong]
    assert {answer.status_code for answer in answers} == {401}


@pytest.mark.usefixtures("asked")
async def test_a_second_acceptance_is_a_wrong_step(world: World, door: Door) -> None:
    alert = world.is_in_danger(world.member())
    token = token_for(world, alert)
    await door.client.post(f"/alerts/{alert}/accept", params={"token": token})
    again = await door.client.post(f"/alerts/{alert}/accept", params={"token": token})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/wrong-state")


async def test_of_two_who_accept_at_once_one_gets_it(world: World, door: Door, asked: list[UUID]) -> None:
    alert = world.is_in_danger(world.member())
    world.clock.move(minutes=3)
    world.alerts.fire((await world.leases.take_timers(world.clock(), 10))[-1])
    callers = [door.as_("supporter", world.member_of(supporter)) for supporter in asked]
    answers = await asyncio.gather(*(door.client.post(f"/alerts/{alert}/accept", headers=caller) for caller in callers))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_declining_asks_the_next_at_once(world: World, door: Door, asked: list[UUID]) -> None:
    alert = world.asks_for_somebody(world.member())
    first = offered_to(world, alert)
    await door.client.post(f"/alerts/{alert}/decline", params={"token": token_for(world, alert)})
    assert offered_to(world, alert) == next(each for each in asked if each != first)


@pytest.mark.usefixtures("asked")
async def test_the_whole_way_to_the_close(world: World, door: Door) -> None:
    alert = world.asks_for_somebody(world.member())
    token = {"token": token_for(world, alert)}
    steps = [await door.client.post(f"/alerts/{alert}/{step}", params=token) for step in ("accept", "contact", "close")]
    assert [step.json()["state"] for step in steps] == ["accepted", "contacted", "closed"]
    assert (await door.client.post(f"/alerts/{alert}/close", params=token)).status_code == 409


@pytest.mark.usefixtures("asked")
async def test_the_member_cancels_and_nobody_else(world: World, door: Door) -> None:
    member = world.member()
    alert = world.asks_for_somebody(member)
    anothers = await door.client.post(f"/alerts/{alert}/cancel", headers=door.as_("member", uuid4()))
    own = await door.client.post(f"/alerts/{alert}/cancel", headers=door.as_("member", member))
    assert (anothers.status_code, own.status_code) == (403, 200)
    assert own.json()["state"] == "cancelled"


@pytest.mark.usefixtures("asked")
async def test_who_became_a_manager_since_the_offer_cannot_accept(world: World, door: Door) -> None:
    member = world.member()
    alert = world.asks_for_somebody(member)
    token = token_for(world, alert)
    world.moves(member, world.member_of(offered_to(world, alert)))
    answer = await door.client.post(f"/alerts/{alert}/accept", params={"token": token})
    assert answer.status_code == 409


@pytest.mark.usefixtures("asked")
async def test_a_clinical_lead_closes_what_nobody_took(world: World, door: Door) -> None:
    alert = world.asks_for_somebody(world.member())
    answer = await door.client.post(f"/alerts/{alert}/close", headers=door.as_("clinical_lead"))
    assert answer.json()["state"] == "closed"


@pytest.mark.usefixtures("asked")
async def test_pages_hold_every_alert_once(world: World, door: Door) -> None:
    raised = {str(world.asks_for_somebody(world.member())) for _ in range(5)}
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = (await door.client.get("/alerts", params={"limit": 2, **after}, headers=door.as_("ops"))).json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert sorted(seen) == sorted(raised)
    wrong = await door.client.get("/alerts", params={"after": "bm90IG91cnM"}, headers=door.as_("ops"))
    assert wrong.status_code == 422


@pytest.mark.usefixtures("asked")
async def test_a_read_waits_for_a_position_that_is_never_reached(world: World, door: Door) -> None:
    alert = world.asks_for_somebody(world.member())
    at_once = await door.client.get(f"/alerts/{alert}", params={"at_least": "alerts:1"}, headers=door.as_("ops"))
    never = await door.client.get(f"/alerts/{alert}", params={"at_least": "checkins:9"}, headers=door.as_("ops"))
    assert (at_once.status_code, never.status_code) == (200, 504)


@pytest.mark.usefixtures("asked")
async def test_the_claim_page_asks_and_changes_nothing(world: World, door: Door) -> None:
    member = world.member()
    alert = world.asks_for_somebody(member)
    link = {"token": token_for(world, alert)}
    page = await door.client.get(f"/alerts/{alert}/claim", params=link)
    assert page.headers["content-type"].startswith("text/html")
    assert f"/alerts/{alert}/accept?token=" in page.text
    assert "<script" not in page.text
    assert str(member) not in page.text
    assert world.state(alert) == "offered"


@pytest.mark.usefixtures("asked")
async def test_a_browser_is_sent_back_to_the_claim_page(world: World, door: Door) -> None:
    alert = world.asks_for_somebody(world.member())
    link = {"token": token_for(world, alert)}
    html = {"Accept": "text/html"}
    for _ in range(2):
        answer = await door.client.post(f"/alerts/{alert}/accept", params=link, headers=html)
        assert answer.status_code == 303
    page = await door.client.get(answer.headers["location"])
    assert "It is yours" in page.text


@pytest.mark.usefixtures("asked")
async def test_who_comes_by_a_damaged_link_is_told_that_it_is_the_link(world: World, door: Door) -> None:
    alert = world.asks_for_somebody(world.member())
    token = token_for(world, alert)
    html = {"Accept": "text/html,application/xhtml+xml"}
    for damaged in ({"token": token[:-3]}, {"token": ""}, {}):
        page = await door.client.get(f"/alerts/{alert}/claim", params=damaged, headers=html)
        assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (401, "text/html")
        assert "<h1>This link isn&#x27;t valid, or not any more.</h1>" in page.text
        assert "<form" not in page.text
    program = await door.client.post(f"/alerts/{alert}/accept", params={"token": token[:-3]})
    assert (program.status_code, program.json()["detail"]) == (401, "This link isn't valid, or not any more.")
    assert program.headers["content-type"] == "application/problem+json"
    stranger = await door.client.get(f"/alerts/{alert}")
    assert stranger.json()["detail"] == "A bearer token is needed."


async def test_ops_sees_every_attempt_and_tries_again(world: World, door: Door, receivers: Start) -> None:
    receiver = await receivers(500, 200)
    world.supporter(receiver)
    alert = world.asks_for_somebody(world.member())
    ops = door.as_("ops")
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
        first = (await door.client.get("/deliveries", params={"alert": str(alert)}, headers=ops)).json()["items"][0]
        again = await door.client.post(f"/deliveries/{first['id']}/retry", headers=ops)
        await dispatcher.drain()
    second = (await door.client.get("/deliveries", params={"alert": str(alert)}, headers=ops)).json()["items"][0]
    assert (first["state"], again.status_code, second["state"]) == ("owed", 200, "delivered")
    assert [attempt["status"] for attempt in second["attempts"]] == [500, 200]
    assert set(second["attempts"][0]) == {"n", "at", "status", "error", "latency_ms"}
    assert (await door.client.post(f"/deliveries/{first['id']}/retry", headers=ops)).status_code == 409


@pytest.mark.parametrize("role", ["member", "supporter", "manager", "service"])
async def test_deliveries_are_for_ops(door: Door, role: str) -> None:
    assert (await door.client.get("/deliveries", headers=door.as_(role, uuid4()))).status_code == 403


async def test_an_id_of_something_else_is_no_alert(world: World, door: Door) -> None:
    supporter, admin = world.supporter(), door.as_("admin")
    assert (await door.client.get(f"/alerts/{supporter}", headers=admin)).status_code == 404
    assert (await door.client.post(f"/alerts/{supporter}/close", headers=admin)).status_code == 404
