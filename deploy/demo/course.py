"""The simulation from enrolment to findings."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from deploy.demo import findings
from deploy.demo.client import Client
from deploy.demo.findings import Finding
from deploy.demo.play import Player
from deploy.demo.receiver import Receiver

PATIENCE_SECONDS = 90


async def simulate(client: Client, player: Player, receiver: Receiver, people: Path) -> list[Finding]:
    """Plays the player's plan and compares. Writes the ids of the simulated people to `people` once they are enrolled."""
    await player.enrol()
    await asyncio.to_thread(people.write_text, json.dumps(player.played.members))
    answering = asyncio.create_task(player.answer_alerts())
    await player.two_weeks()
    await player.kudos()
    await player.survey()
    await _finished(answering)
    await player.close_alerts()
    return [
        *findings.about_alerts(player.plan, player.played, receiver),
        await findings.about_the_board(client, player.played),
        await findings.about_the_survey(client, player.plan, player.played),
    ]


async def _finished(answering: asyncio.Task[None]) -> None:
    """Waits for the answers, and raises what went wrong with them. Those that never come are a finding, not an error."""
    try:
        await asyncio.wait_for(answering, PATIENCE_SECONDS)
    except TimeoutError:
        return
