"""A survey under faults: members draw their blind tokens and answer, each tried again until it is stored."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from deploy.demo.client import Client, Refused
from deploy.keys import Keys

ITEMS = ("item_1", "item_2", "item_3", "item_4")
PAUSES = (0.0, 3.0)
USED = 403
Sheet = tuple[int, ...]
"""The scores of ITEMS, in their order."""


@dataclass
class Answering:
    """`survey` is known once it is open; `sheets` are what was accepted. Whose they are isn't known to anybody."""

    client: Client
    keys: Keys
    chance: random.Random
    survey: str = ""
    sheets: Counter[Sheet] = field(default_factory=Counter)

    async def answer_all(self, members: list[str]) -> None:
        sheets = [tuple(self.chance.randint(0, 3) for _ in ITEMS) for _ in members]
        pauses = [self.chance.uniform(*PAUSES) for _ in members]
        await self._open(members[0])
        async with asyncio.TaskGroup() as together:
            for member, sheet, pause in zip(members, sheets, pauses, strict=True):
                together.create_task(self._answer(member, sheet, pause))

    async def _open(self, name: str) -> None:
        now = datetime.now(UTC)
        times = {"opens": now.isoformat(), "closes": (now + timedelta(days=7)).isoformat()}
        key = {"Idempotency-Key": f"survey-{name}"}
        answer = await self.client.post("evaluation", "/surveys", {"instrument": "phq-4"} | times, "ADMIN_TOKEN", **key)
        self.survey = str(answer["id"])

    async def _answer(self, member: str, sheet: Sheet, pause: float) -> None:
        await asyncio.sleep(pause)
        key = {"Idempotency-Key": f"draw-{member}"}
        person = self.keys.persons_token("member", member)
        drawn = await self.client.post("evaluation", f"/surveys/{self.survey}/tokens", {}, person, **key)
        body = {"token": drawn["token"], "answers": dict(zip(ITEMS, sheet, strict=True))}
        try:
            await self.client.post("evaluation", f"/surveys/{self.survey}/answers", body, token="")
        except Refused as refused:
            if refused.status != USED:
                raise  # a token that was used is a sheet that was stored, by a request whose answer was lost
        self.sheets[sheet] += 1
