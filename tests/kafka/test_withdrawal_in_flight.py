"""Consents that are withdrawn while requests and acceptances are under way, through a real relay, broker and stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

from services.alerts.application.alerts import TakeStep
from services.checkins import domain
from services.checkins.domain.member import Consented
from services.checkins.relay import translate
from shared.errors import Problem
from shared.kafka.relay import Relay
from shared.store.event_store import Conflict, EventStore
from shared.store.events import PrivateEvent
from tests.alerts.world import Receiver, World, listening
from tests.kafka.alerting import alerts_of, asking, delivered, taken
from tests.kafka.membership import AGREED, PLACE, enrolments
from tests.kafka.streaming import MEMBERS, NOW
from tests.kafka.test_relay import relaying

BY_MEMBER = "SELECT member, state FROM alerts ORDER BY member, raised_at, state"
HELD = "SELECT alert FROM offers WHERE state IN ('open', 'accepted')"
OPEN = "SELECT id FROM alerts WHERE state NOT IN ('closed', 'cancelled')"


async def test_what_was_withdrawn_on_the_way_ends_and_what_was_asked_for_afterwards_goes_on(
    new_database: Callable[[], str], store: EventStore, database_url: str, topic: str, kafka: str
) -> None:
    withdrawing, ask_again, others = MEMBERS[:12], MEMBERS[:3], MEMBERS[12:]
    async with (
        listening(Receiver()) as receiver,
        relaying(Relay(store, database_url, topic, translate, kafka)),
        alerts_of(new_database(), topic, kafka) as world,
    ):
        supporter = world.supporter(receiver)
        await taken(world, store, [*enrolments(), *asking(len(MEMBERS))], topic, kafka)
        await delivered(world, receiver, len(MEMBERS))
        accepting = asyncio.to_thread(_accept_all, world, supporter)
        withdrawals = [*map(_withdrawal, withdrawing), *asking(len(ask_again))]
        await asyncio.gather(accepting, taken(world, store, withdrawals, topic, kafka))
        await delivered(world, receiver, len(MEMBERS) + len(withdrawing) + len(ask_again))
        ends = [(row["member"], row["state"]) for row in world.rows(BY_MEMBER)]
        assert sorted(member for member, state in ends if state == "cancelled") == sorted(withdrawing)
        assert sorted(member for member, state in ends if state != "cancelled") == sorted([*ask_again, *others])
        assert {row["alert"] for row in world.rows(HELD)} == {row["id"] for row in world.rows(OPEN)}
    told = [body["data"]["alert"] for body in receiver.got if body["type"] == "alert.withdrawn"]
    assert len(told) == len(set(told)) == len(withdrawing)


def _withdrawal(member: UUID) -> PrivateEvent:
    (changed,) = domain.Member(member, 1, PLACE, AGREED).change(NOW, None, Consented(analytics=True))
    return changed


def _accept_all(world: World, supporter: UUID) -> None:
    """As far as there is still something to accept."""
    for row in world.rows(OPEN):
        for _ in range(5):
            try:
                world.do(world.alerts.take(TakeStep(row["id"], "accept", supporter)))
            except Conflict:
                continue
            except Problem:
                pass
            break
