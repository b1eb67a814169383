"""Whether what happened is what was to be expected: each alert once, the board and the results as posted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from deploy.demo.client import Client
from deploy.demo.play import Played
from deploy.demo.receiver import Receiver
from deploy.demo.simulation import Plan

PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Finding:
    """One expectation: what was expected, what was seen."""

    what: str
    expected: Any
    seen: Any

    @property
    def right(self) -> bool:
        return bool(self.expected == self.seen)


def about_alerts(plan: Plan, played: Played, receiver: Receiver) -> list[Finding]:
    ours = {answered.alert for answered in played.answered}
    offers = [arrival for arrival in receiver.offers() if arrival.alert in ours]
    called = sorted(played.members[number] for number in plan.expected)
    repeated = sum(times - 1 for times in receiver.times_each().values())
    return [
        Finding("people whom a supporter answered", len(called), len({a.member for a in played.answered})),
        Finding("they are those who called", called, sorted(answered.member for answered in played.answered)),
        Finding("offers for these alerts", len(called), len(offers)),
        Finding("webhooks that came twice under one webhook-id", 0, repeated),
        Finding("webhooks with a wrong signature", 0, receiver.refused),
    ]


async def about_the_board(client: Client, played: Played) -> Finding:
    """Only this simulation's people are compared: the board is everybody's."""

    async def board() -> dict[str, int]:
        page = await client.get("recognition", "/leaderboards/week?limit=200")
        return {item["member"]: item["given"] for item in page["items"] if item["member"] in played.board}

    return Finding("kudos on the board, by member", played.board, await _settled(board, played.board))


async def about_the_survey(client: Client, plan: Plan, played: Played) -> Finding:
    totals = [sum(answers.values()) for answers in plan.answers]
    expected = (len(totals), round(fmean(totals), 2))

    async def result() -> tuple[int | None, float | None]:
        page = await client.get("evaluation", f"/surveys/{played.survey}/results", "ADMIN_TOKEN")
        item = page["items"][0] if page["items"] else {}
        return item.get("n"), round(item["mean"], 2) if item.get("mean") is not None else None

    return Finding("survey answers and their mean", expected, await _settled(result, expected))


async def _settled(read: Callable[[], Awaitable[Any]], expected: Any) -> Any:
    """What is read once it is as expected, or at the end of patience."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while (seen := await read()) != expected and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.1)
    return seen


def milliseconds(played: Played) -> tuple[float, float]:
    """Median and longest time from POST to webhook."""
    times = [1_000 * (answered.at - played.posted_at[answered.member]) for answered in played.answered]
    return (median(times), max(times)) if times else (0.0, 0.0)
