"""Check-in to webhook, kudos to board, answer to result: what `make run` plays, on the same processes as the other journeys."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from deploy import Stack
from deploy.demo.client import connected
from deploy.demo.course import simulate
from deploy.demo.play import Player
from deploy.demo.receiver import Receiver
from deploy.demo.simulation import plan

SEED = 7


async def test_the_simulated_organisation_ends_as_planned(system: Stack, tmp_path: Path) -> None:
    receiver = Receiver()
    await receiver.start()
    async with connected(system.environment()) as client:
        player = Player(client, plan(SEED, datetime.now(UTC)), receiver, system.keys, lambda *_: None)
        found = await simulate(client, player, receiver, tmp_path / "people.json")
        await player.leave()
    await receiver.stop()
    assert [one for one in found if not one.right] == []


def test_a_plan_is_the_same_for_the_same_seed_and_asks_for_somebody_fifteen_times() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    first, second = plan(SEED, now), plan(SEED, now)
    asking = [call for day in first.days for call in day if call.expects_alert]
    assert first == second
    assert len(asking) == len(first.expected) == 15
