"""The dispatcher: what is owed arrives, once by its id, signed, however its receiver behaves."""

import asyncio
import base64
from collections.abc import Awaitable, Callable

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.alerts.application.alerts import TakeStep
from services.alerts.domain.claims import Claim
from shared.clock import utc_now
from tests.alerts.world import Receiver, World, raw_key, verified

Start = Callable[..., Awaitable[Receiver]]


async def test_an_offer_reaches_the_supporters_endpoint(world: World, receivers: Start) -> None:
    receiver = await receivers()
    world.supporter(receiver)
    alert = world.asks_for_somebody(world.member())
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
    assert [(body["type"], body["data"]["alert"]) for body in receiver.got] == [("alert.offered", str(alert))]


async def test_a_webhook_holds_what_the_contract_says_and_nothing_more(world: World, receivers: Start) -> None:
    receiver = await receivers()
    world.supporter(receiver)
    member = world.member()
    world.asks_for_somebody(member)
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
    _, body = receiver.raw[0]
    assert set(receiver.got[0]["data"]) == {"alert", "tier", "sequence", "expires_at", "claim_url"}
    assert len(body) < 1024
    assert str(member).encode() not in body


async def test_both_signatures_of_a_webhook_hold(world: World, receivers: Start) -> None:
    receiver = await receivers()
    keys = world.endpoint(world.supporter(), receiver)
    world.clock.now = utc_now()
    world.asks_for_somebody(world.member())
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
    headers, body = receiver.raw[0]
    assert verified(keys["secret"], headers, body)["type"] == "alert.offered"
    asymmetric = headers["webhook-signature"].split(" ")[1].removeprefix("v1a,")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    Ed25519PublicKey.from_public_bytes(raw_key(keys["public_key"])).verify(base64.b64decode(asymmetric), signed)


async def test_a_refused_webhook_is_tried_again_under_its_id_until_it_is_taken(world: World, receivers: Start) -> None:
    receiver = await receivers(500, 503, 200)
    world.supporter(receiver)
    world.asks_for_somebody(world.member())
    async with world.dispatcher() as dispatcher:
        for seconds in (0, 6, 331, 4000):
            world.clock.move(seconds=seconds)
            await dispatcher.drain()
    assert len(receiver.got) == 3
    assert len(receiver.ids()) == 1
    assert _statuses(world) == [500, 503, 200]


async def test_what_is_kept_of_a_webhook_gives_nobody_a_right_and_each_attempt_sends_the_same_bytes(
    world: World, receivers: Start
) -> None:
    early, late = await receivers(500, 200, 500, 200), await receivers()
    for receiver in (early, late):
        world.supporter(receiver)
    alert = world.is_in_danger(world.member())
    kept: set[bytes] = set()
    async with world.dispatcher() as dispatcher:
        for _ in range(4):
            await dispatcher.drain()
            kept |= {bytes(row["body"]) for row in world.rows("SELECT body FROM deliveries")}
            world.clock.move(minutes=10)
    bodies = {headers["webhook-id"]: set[bytes]() for headers, _ in early.raw}
    for headers, body in early.raw:
        bodies[headers["webhook-id"]].add(body)
    assert {len(sent) for sent in bodies.values()} == {1}
    assert len(early.raw) > len(bodies), "some were tried again"
    claims = [body["data"]["claim_url"].partition("token=")[2] for body in early.got + late.got if body["data"]["claim_url"]]
    assert {"alert.offered", "alert.escalated"} <= {body["type"] for body in early.got + late.got}
    assert all(world.links.claim(alert, token) for token in claims)
    assert not any(token.encode() in body for token in claims for body in kept)


async def test_an_endpoint_that_came_later_gets_the_link_too(world: World, receivers: Start) -> None:
    gone, late = await receivers(500), await receivers()
    supporter = world.supporter(gone)
    alert = world.asks_for_somebody(world.member())
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
        world.endpoint(supporter, late)
        await dispatcher.drain()
    (body,) = late.got
    claim = world.links.claim(alert, body["data"]["claim_url"].partition("token=")[2])
    assert claim == Claim(alert, supporter, body["data"]["sequence"])


@pytest.mark.parametrize("status", [301, 302, 404, 204])
async def test_only_a_2xx_counts_and_no_redirect_is_followed(world: World, receivers: Start, status: int) -> None:
    elsewhere = await receivers()
    receiver = await receivers(status, headers={"Location": elsewhere.url})
    world.supporter(receiver)
    world.asks_for_somebody(world.member())
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
    assert elsewhere.got == []
    assert _states(world) == ["delivered" if status == 204 else "owed"]


async def test_retry_after_is_waited_for(world: World, receivers: Start) -> None:
    receiver = await receivers(429, 200, headers={"Retry-After": "120"})
    world.supporter(receiver)
    world.asks_for_somebody(world.member())
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
        world.clock.move(seconds=119)
        await dispatcher.drain()
        assert len(receiver.got) == 1
        world.clock.move(seconds=1)
        await dispatcher.drain()
    assert len(receiver.got) == 2


async def test_an_attempt_that_died_with_its_process_is_made_again_when_its_lease_ends(world: World, receivers: Start) -> None:
    receiver = await receivers()
    world.supporter(receiver)
    world.asks_for_somebody(world.member())
    died = await world.leases.take(world.clock(), 10, {})
    async with world.dispatcher() as dispatcher:
        world.clock.move(seconds=4.9)
        await dispatcher.drain()
        assert receiver.got == []
        world.clock.move(seconds=0.1)
        await dispatcher.drain()
    assert receiver.ids() == {str(died[0].id)}


async def test_two_dispatchers_never_take_the_same_delivery(world: World, receivers: Start) -> None:
    receiver = await receivers()
    world.supporter(receiver)
    for _ in range(30):
        world.asks_for_somebody(world.member())
    async with world.dispatcher() as one, world.dispatcher() as other:
        await asyncio.gather(one.drain(), other.drain())
    assert len(receiver.got) == len(receiver.ids()) == 30


async def test_a_dead_endpoint_leaves_room_for_the_others(world: World, receivers: Start) -> None:
    dead, alive = await receivers(0), await receivers()
    world.supporter(dead)
    world.supporter(alive)
    for _ in range(40):
        world.asks_for_somebody(world.member())
    async with world.dispatching():
        await alive.until(20)
        assert len(dead.got) == 8
        dead.released.set()


async def test_a_gone_endpoint_is_switched_off_and_its_alerts_go_to_the_next_at_once(world: World, receivers: Start) -> None:
    gone, other = await receivers(410), await receivers()
    world.supporter(gone)
    alert = world.asks_for_somebody(world.member())
    world.supporter(other)
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
    assert other.types() == ["alert.offered"]
    assert [row["active"] for row in world.rows("SELECT active FROM endpoints ORDER BY active")] == [False, True]
    assert world.state(alert) == "offered"


async def test_nothing_goes_to_an_address_that_is_not_permitted(world: World, receivers: Start) -> None:
    receiver = await receivers()
    world.supporter(receiver)
    world.moves_endpoints_to("http://169.254.169.254/latest")
    world.asks_for_somebody(world.member())
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
    assert [row["error"] for row in world.rows("SELECT error FROM attempts")] == ["address_refused"]


async def test_a_receiver_that_hangs_or_is_not_there_is_tried_again(world: World, receivers: Start) -> None:
    hanging, absent = await receivers(0), Receiver(url="http://127.0.0.1:1/hook")
    for endpoint in (hanging, absent):
        world.supporter(endpoint)
        world.asks_for_somebody(world.member())
    async with world.dispatcher(timeout_seconds=0.1) as dispatcher:
        await dispatcher.drain()
    assert {row["error"] for row in world.rows("SELECT error FROM attempts")} == {"timeout", "connect"}
    assert _states(world) == ["owed", "owed"]


async def test_an_acceptance_withdraws_what_is_still_owed_to_others(world: World, receivers: Start) -> None:
    dead, alive = await receivers(500), await receivers()
    world.supporter(dead)
    alert = world.is_in_danger(world.member())
    other = world.supporter(alive)
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
        world.clock.move(seconds=120)
        await dispatcher.drain()
        world.do(world.alerts.take(TakeStep(alert, "accept", other)))
    offers = world.rows("SELECT state FROM deliveries WHERE type = 'alert.offered' ORDER BY sequence")
    assert [row["state"] for row in offers] == ["withdrawn", "delivered"]


async def test_who_was_not_asked_in_time_is_told_that_it_was_withdrawn(world: World, receivers: Start) -> None:
    first, second = await receivers(), await receivers()
    askeds = {world.supporter(first): first, world.supporter(second): second}
    alert = world.is_in_danger(world.member())
    async with world.dispatcher() as dispatcher:
        await dispatcher.drain()
        world.clock.move(minutes=3)
        await dispatcher.drain()
        early, late = (offer.supporter for offer in world.alerts.load(alert).offers)
        world.do(world.alerts.take(TakeStep(alert, "accept", late)))
        await dispatcher.drain()
    assert askeds[early].types() == ["alert.offered", "alert.escalated", "alert.withdrawn"]
    assert askeds[late].types() == ["alert.offered"]
    sequences = [body["data"]["sequence"] for body in askeds[early].got]
    assert sequences == sorted(set(sequences))


async def test_a_commit_wakes_the_running_dispatcher(world: World, receivers: Start) -> None:
    receiver = await receivers()
    world.supporter(receiver)
    member = world.member()
    async with world.dispatching():
        await asyncio.to_thread(world.asks_for_somebody, member)
        await receiver.until(1)
    assert receiver.types() == ["alert.offered"]


async def test_a_lost_connection_ends_the_dispatcher_so_that_it_is_started_again(world: World) -> None:
    async with world.dispatcher() as dispatcher:
        running = asyncio.create_task(dispatcher.run(world.database_url))
        listeners = "SELECT pid FROM pg_stat_activity WHERE query = 'LISTEN alerts_work' AND datname = current_database()"
        while not (found := await asyncio.to_thread(world.rows, listeners)):
            await asyncio.sleep(0)
        await asyncio.to_thread(world.rows, "SELECT pg_terminate_backend(%s)", found[0]["pid"])
        with pytest.raises(psycopg.OperationalError):
            await asyncio.wait_for(running, 5)


def _states(world: World) -> list[str]:
    return [row["state"] for row in world.rows("SELECT state FROM deliveries")]


def _statuses(world: World) -> list[int]:
    return [row["status"] for row in world.rows("SELECT status FROM attempts ORDER BY n")]
