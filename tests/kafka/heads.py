"""The heads of a chain as they lie in Kafka."""

from __future__ import annotations

import asyncio

from shared.kafka.head_reading import told_heads
from shared.kafka.heads import Head
from shared.kafka.topics import heads_beside
from shared.store.chain import genesis, links_after
from shared.store.event_store import EventStore
from tests.kafka.streaming import PATIENCE


async def heads_of(kafka: str, topic: str) -> list[Head]:
    found: list[Head] = []
    async with told_heads(kafka, heads_beside(topic)) as heads:
        while heads and heads.next:
            found.append(heads.next[1])
            await heads.advance()
    return found


async def until_told(kafka: str, topic: str, sequence: int) -> None:
    """A relay tells them: there is nothing to await."""
    async with asyncio.timeout(PATIENCE):
        while not [head for head in await heads_of(kafka, topic) if head.sequence == sequence]:
            await asyncio.sleep(0.05)


def head_at(store: EventStore, sequence: int) -> Head:
    """As it is to be told."""
    link = next(link for link in links_after(genesis(store.service), store.stored(0, sequence)) if link.sequence == sequence)
    ((_, event),) = store.notifications(sequence - 1, 1)
    return Head(store.service, sequence, link.hash.hex(), event.at)
