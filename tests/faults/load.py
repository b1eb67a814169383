"""Check-ins posted one by one while something is broken, each tried again under its own key until it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import psycopg

from deploy.demo.client import Client
from deploy.demo.receiver import Receiver

AT_ONCE = 8


@dataclass
class Load:
    """`count` check-ins of `members`, of which every so many asks for a person: `requests` in all."""

    client: Client
    supporter: str
    members: list[str]
    count: int
    requests: int
    earlier: set[str]
    stored: dict[int, str] = field(default_factory=dict)

    @property
    def _every(self) -> int:
        return self.count // self.requests

    async def post_all(self, pause: float) -> None:
        """Posts with a pause (in seconds) between two posts of each of the senders. Returns when all are answered."""
        numbers = iter(range(self.count))
        await asyncio.gather(*(self._send(numbers, pause) for _ in range(AT_ONCE)))

    async def _send(self, numbers: Iterator[int], pause: float) -> None:
        for number in numbers:
            body = {
                "member": self.members[number // self._every % len(self.members)],
                "mood": 3,
                "wants_contact": number % self._every == 0,
            }
            answer = await self.client.post(
                "checkins", "/check-ins", body, **{"Idempotency-Key": f"load-{self.members[0]}-{number}"}
            )
            self.stored[number] = str(answer["id"])
            await asyncio.sleep(pause)


async def stored_check_ins(environment: Mapping[str, str], ids: list[str]) -> int:
    """How many of these are in the event store."""
    async with await psycopg.AsyncConnection.connect(environment["CHECKINS_DATABASE_URL"]) as connection:
        query = "SELECT count(*) FROM checkins_events WHERE originator_id = ANY(%s::uuid[])"
        row = await (await connection.execute(query, (ids,))).fetchone()
    return int(row[0]) if row else 0


async def open_alerts(client: Client) -> set[str]:
    """The alerts that there are already; another test's may still be offered to whoever is there."""
    found: set[str] = set()
    after = ""
    while True:
        page = await client.get("alerts", f"/alerts?limit=200{after}", "OPS_TOKEN")
        found |= {item["id"] for item in page["items"]}
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


async def offered_alerts(receiver: Receiver, earlier: set[str], at_least: int, seconds: float) -> dict[str, set[str]]:
    """The webhook-ids under which each new alert was offered, once so many alerts were or the time is up."""
    deadline = asyncio.get_running_loop().time() + seconds
    while len(offers := _by_alert(receiver, earlier)) < at_least and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.1)
    return offers


def _by_alert(receiver: Receiver, earlier: set[str]) -> dict[str, set[str]]:
    offers: dict[str, set[str]] = {}
    for arrival in receiver.offers():
        if arrival.alert not in earlier:
            offers.setdefault(arrival.alert, set()).add(arrival.webhook_id)
    return offers
