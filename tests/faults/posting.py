"""Check-ins, requests for a person, kudos, erasures and a survey over HTTP, each POST tried again under its own key until
answered."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from deploy.demo.client import Client
from deploy.keys import Keys
from services.alerts.views.members import alert_of
from shared.events.recognition import Category
from tests.faults.answering import Answering

CHECK_INS = 160
REQUEST_EVERY = 10
KUDOS = 12
MEMBERS = 12
LEAVERS = 2
SENDERS = 16
PAUSES = (0.2, 0.6)


@dataclass(frozen=True)
class Post:
    """One request, and for how many seconds its sender rests after it."""

    service: str
    path: str
    body: dict[str, Any]
    pause: float

    @property
    def asks_for_a_person(self) -> bool:
        return bool(self.body.get("wants_contact"))


@dataclass
class Posting:
    """`members` stay until the end and answer a survey; `leavers` give kudos and are erased while the others post."""

    client: Client
    chance: random.Random
    members: list[str]
    leavers: list[str]
    supporter: str
    answering: Answering
    accepted: dict[str, Post] = field(default_factory=dict)
    """What was answered with a 2xx, by the id that the answer gave."""

    @classmethod
    async def of_new_members(cls, client: Client, keys: Keys, chance: random.Random) -> Posting:
        supporter, *others = await client.enrol_all(1 + LEAVERS + MEMBERS)
        return cls(client, chance, others[LEAVERS:], others[:LEAVERS], supporter, Answering(client, keys, chance))

    async def post_all(self) -> None:
        posts = [self._check_in(number) for number in range(CHECK_INS)] + [self._kudos(self.members) for _ in range(KUDOS)]
        self.chance.shuffle(posts)
        numbered = iter(enumerate(posts))
        farewells = [[self._kudos([leaver]) for _ in range(2)] for leaver in self.leavers]
        async with asyncio.TaskGroup() as together:
            together.create_task(self.answering.answer_all(self.members))
            for leaver, last in zip(self.leavers, farewells, strict=True):
                together.create_task(self._leave(leaver, last))
            for _ in range(SENDERS):
                together.create_task(self._send(numbered))

    def accepted_ids(self, service: str) -> set[UUID]:
        return {UUID(id_) for id_, post in self.accepted.items() if post.service == service}

    def alerts(self) -> set[str]:
        """Those that must have been raised and offered."""
        return {str(alert_of(UUID(id_))) for id_, post in self.accepted.items() if post.asks_for_a_person}

    async def erase_everybody(self) -> None:
        """So that nobody of this run is offered to, or an offer, in the next."""
        gone = [*self.members, *self.leavers, self.supporter]
        await asyncio.gather(*(self.client.delete_if_there("checkins", f"/members/{member}") for member in gone))

    def _check_in(self, number: int) -> Post:
        body = {
            "member": self.chance.choice(self.members),
            "mood": self.chance.randint(1, 5),
            "wants_contact": number % REQUEST_EVERY == 0,
        }
        return Post("checkins", "/check-ins", body, self.chance.uniform(*PAUSES))

    def _kudos(self, givers: list[str]) -> Post:
        giver = self.chance.choice(givers)
        receiver = self.chance.choice([member for member in self.members if member != giver])
        body = {"giver": giver, "receivers": [receiver], "category": self.chance.choice(list(Category)), "points": 1}
        return Post("recognition", "/kudos", body, self.chance.uniform(*PAUSES))

    async def _send(self, numbered: Iterator[tuple[int, Post]]) -> None:
        for number, post in numbered:
            await self._accepted(post, str(number))
            await asyncio.sleep(post.pause)

    async def _leave(self, leaver: str, last: list[Post]) -> None:
        for number, post in enumerate(last):
            await self._accepted(post, f"{leaver}-{number}")
            await asyncio.sleep(post.pause)
        await self.client.delete_if_there("checkins", f"/members/{leaver}")

    async def _accepted(self, post: Post, name: str) -> None:
        key = {"Idempotency-Key": f"faults-{self.supporter}-{name}"}
        answer = await self.client.post(post.service, post.path, post.body, **key)
        self.accepted[str(answer["id"])] = post
