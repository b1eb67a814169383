"""Plays a plan through the public API and keeps what came back."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy import Keys
from deploy.demo.client import Client
from deploy.demo.receiver import Answered, Receiver, accept
from deploy.demo.simulation import MEMBERS, Call, Plan

Progress = Callable[[str, int, int], None]
"""Told of each step: what, how many are done, how many there are."""


@dataclass
class Played:
    """What was posted, and what happened."""

    members: list[str] = field(default_factory=list)
    posted_at: dict[str, float] = field(default_factory=dict)
    check_ins: int = 0
    answered: list[Answered] = field(default_factory=list)
    board: dict[str, int] = field(default_factory=dict)
    survey: str = ""
    since: datetime = field(default_factory=lambda: datetime.now(UTC))


class Player:
    """Enrols the organisation, then posts its two weeks as fast as the answers come."""

    def __init__(self, client: Client, plan: Plan, receiver: Receiver, keys: Keys, progress: Progress) -> None:
        self._client = client
        self.plan = plan
        self._receiver = receiver
        self._keys = keys
        self._progress = progress
        self.played = Played()

    async def enrol(self) -> None:
        bodies = self.plan.members
        ids = await asyncio.gather(*(self._client.post("checkins", "/members", body) for body in bodies))
        self.played.members = [str(answer["id"]) for answer in ids]
        for number in range(MEMBERS, len(bodies)):
            _, secret = await self._client.supporter(
                self.played.members[number], self._receiver.url(number), tuple(bodies[number]["languages"])
            )
            self._receiver.secrets[number] = secret
            self._progress("members and supporters", number + 1, len(bodies))

    async def two_weeks(self) -> None:
        """Each day's check-ins go as one batch, and what asks for somebody goes by itself, as it would."""
        for number, day in enumerate(self.plan.days, 1):
            quiet = [self._named(call) for call in day if not call.expects_alert]
            answer = await self._client.post("checkins", "/check-ins/batch", quiet)
            self.played.check_ins += answer["accepted"]
            for call in day:
                if call.expects_alert:
                    await self._ask(call)
            self._progress("days played", number, len(self.plan.days))

    async def _ask(self, call: Call) -> None:
        path = "/distress-flags" if call.kind == "flag" else "/check-ins"
        self.played.posted_at[self.played.members[call.member]] = time.perf_counter()
        await self._client.post("checkins", path, self._named(call))
        self.played.check_ins += call.kind == "check-in"

    def _named(self, call: Call) -> dict[str, Any]:
        return {"member": self.played.members[call.member]} | call.body

    async def answer_alerts(self) -> None:
        """Accepts what is offered until every expected alert is answered."""
        while len(self.played.answered) < len(self.plan.expected):
            arrival = await self._receiver.alerts.get()
            if arrival.type != "alert.offered":
                continue
            token = self._keys.persons_token("supporter", self.played.members[arrival.supporter])
            answered = await accept(self._client, arrival, token)
            if answered and answered.member in self.played.posted_at:
                self.played.answered.append(answered)
            self._progress("alerts answered", len(self.played.answered), len(self.plan.expected))

    async def close_alerts(self) -> None:
        by_alert = {arrival.alert: arrival.supporter for arrival in self._receiver.offers()}
        for answered in self.played.answered:
            token = self._keys.persons_token("supporter", self.played.members[by_alert[answered.alert]])
            await self._client.post("alerts", f"/alerts/{answered.alert}/close", {}, token)

    async def kudos(self) -> None:
        givers = sorted({giver for giver, _, _ in self.plan.kudos})
        await asyncio.gather(*(self._opt_in(giver) for giver in givers))
        for number, (giver, receiver, category) in enumerate(self.plan.kudos, 1):
            giver_id, receiver_id = self.played.members[giver], self.played.members[receiver]
            body = {"giver": giver_id, "receivers": [receiver_id], "category": category, "points": 5}
            await self._client.post("recognition", "/kudos", body)
            self._progress("kudos given", number, len(self.plan.kudos))
        counted = Counter(self.played.members[giver] for giver, _, _ in self.plan.kudos)
        self.played.board = dict(counted)

    async def _opt_in(self, giver: int) -> None:
        member = self.played.members[giver]
        await self._client.post("recognition", f"/members/{member}/board", {"opted_in": True})

    async def survey(self) -> None:
        now = datetime.now(UTC)
        opens, closes = (now - timedelta(minutes=1)).isoformat(), (now + timedelta(days=7)).isoformat()
        body = {"instrument": "phq-4", "audience": {"teams": []}, "opens": opens, "closes": closes}
        self.played.survey = str((await self._client.post("evaluation", "/surveys", body, "ADMIN_TOKEN"))["id"])
        for number, answers in enumerate(self.plan.answers, 1):
            token = self._keys.persons_token("member", self.played.members[number])
            drawn = await self._client.post("evaluation", f"/surveys/{self.played.survey}/tokens", {}, token)
            body = {"token": drawn["token"], "answers": answers}
            await self._client.post("evaluation", f"/surveys/{self.played.survey}/answers", body, token="")
            self._progress("survey answered", number, len(self.plan.answers))

    async def leave(self) -> None:
        """Erases the simulated people, so that nobody real is ever offered to them."""
        gone = (self._client.delete_if_there("checkins", f"/members/{member}") for member in self.played.members)
        await asyncio.gather(*gone)
