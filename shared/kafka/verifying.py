"""A service's events held against the chain beside them, and both against the heads in Kafka, from the first one on.

What is asked for first is what was written last (heads, chain, events), so that it may run beside a relay that leads.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from enum import StrEnum

from aiokafka.errors import KafkaError
from eventsourcing.persistence import Notification

from shared.kafka.head_reading import UNREADABLE, ToldHeads, told_heads
from shared.kafka.heads import Head
from shared.kafka.topics import heads_beside
from shared.store.chain import genesis
from shared.store.chain_walk import Finding, Kind, Walk, finding
from shared.store.event_store import EventStore

BATCH = 5_000
FIRST = -(2**63)
"""Below whatever somebody may have put before a service's first event."""
EVENTS = (
    b"SELECT notification_id, originator_id, originator_version, topic, state FROM %b"
    b" WHERE notification_id > %%s AND notification_id <= %%s ORDER BY notification_id LIMIT %%s"
)
CHAINED = (
    "SELECT coalesce(max(notification_id), 0) AS last,"
    " coalesce((SELECT position FROM relay_position WHERE topic = %s AND chained), 0) AS relayed FROM chain"
)
ROWS = "SELECT notification_id, hash FROM chain WHERE notification_id > %s AND notification_id <= %s ORDER BY 1 LIMIT %s"


class Compared(StrEnum):
    """Whether the heads were held against the store."""

    YES = "compared"
    NONE_THERE = "none there"
    AWAY = "away"
    NOT_ASKED = "not asked for"


@dataclass
class Verdict:
    """`position` of `end` while it goes on. Sequences, but for the counts of `events`, of those `unchained`, and of `heads`."""

    service: str
    end: int = 0
    chained: int = 0
    """Up to here every event has to have a link: the last that is there, or the relay's position if that is beyond it."""
    position: int = 0
    after: int = FIRST
    events: int = 0
    unchained: int = 0
    heads: int = 0
    agreed: int = 0
    """The last sequence whose head says the same."""
    compared: Compared = Compared.NOT_ASKED
    found: Finding | None = None
    begun: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begun

    @property
    def done(self) -> bool:
        return self.found is not None or self.after >= self.end


class Verifying:
    """`run` tells how far it is; the last one told is the verdict."""

    def __init__(self, store: EventStore, topic: str, bootstrap: str, with_kafka: bool = True) -> None:
        self._store = store
        self._topic = topic
        self._bootstrap = bootstrap
        self._with_kafka = with_kafka
        self._verdict = Verdict(store.service)

    async def run(self) -> AsyncIterator[Verdict]:
        verdict = self._verdict
        async with AsyncExitStack() as stack:
            heads = await self._heads(stack)
            linked, relayed = await asyncio.to_thread(self._chained)
            last = await asyncio.to_thread(self._store.postgres.max_notification_id) or 0
            verdict.chained, verdict.end = max(linked, relayed), max(linked, last)
            walk = Walk(genesis(self._store.service), verdict.chained)
            while not verdict.done:
                await self._step(walk, heads)
                if verdict.done and heads and heads.next and verdict.found is None:
                    verdict.found = _beyond(last, *heads.next)
                yield verdict

    async def _heads(self, stack: AsyncExitStack) -> ToldHeads | None:
        if not self._with_kafka:
            return None
        try:
            heads = await stack.enter_async_context(told_heads(self._bootstrap, heads_beside(self._topic)))
        except KafkaError:
            self._verdict.compared = Compared.AWAY
            return None
        self._verdict.compared = Compared.YES if heads else Compared.NONE_THERE
        return heads

    async def _step(self, walk: Walk, heads: ToldHeads | None) -> None:
        verdict, before = self._verdict, self._verdict.after
        events, rows, position = await asyncio.to_thread(self._batch)
        found = await asyncio.to_thread(walk.take, events, rows)
        verdict.events += len(walk.hashes)
        verdict.unchained = walk.unchained
        limit = found.sequence - 1 if found else position
        verdict.found = (await self._compared(heads, walk, before, limit) if heads else None) or found
        verdict.after, verdict.position = position, max(position, 0)

    async def _compared(self, heads: ToldHeads, walk: Walk, before: int, limit: int) -> Finding | None:
        """Every head up to where it was walked; the first that says otherwise."""
        while heads.next and heads.next[1].sequence <= limit:
            offset, head = heads.next
            if head.sequence <= before:  # told once more, or by nobody who follows the chain: as it was found to be
                here = await asyncio.to_thread(self._hash_at, head.sequence)
            else:
                here = walk.hashes.get(head.sequence)
            if (told := _told_otherwise(head, offset, here, self._verdict.agreed)) is not None:
                return told
            self._verdict.heads += 1
            self._verdict.agreed = max(self._verdict.agreed, head.sequence)
            if walk.first_unchained and head.sequence > self._verdict.chained:  # whoever told it had its link
                return finding(Kind.UNLINKED, walk.first_unchained.id, walk.first_unchained)
            await heads.advance()
        return None

    def _batch(self) -> tuple[list[Notification], dict[int, bytes], int]:
        verdict = self._verdict
        with self._store.statement() as cursor:
            table = self._store.postgres.events_table_name.encode()
            cursor.execute(EVENTS % table, (verdict.after, verdict.end, BATCH))
            events = [_event(row) for row in cursor]
        last = events[-1].id if len(events) == BATCH else verdict.end
        with self._store.statement() as cursor:
            cursor.execute(ROWS, (verdict.after, last, BATCH + 1))  # one more than events is enough to find that one is missing
            rows = {row["notification_id"]: bytes(row["hash"]) for row in cursor}
        return events, rows, last

    def _hash_at(self, sequence: int) -> bytes | None:
        with self._store.statement() as cursor:
            cursor.execute("SELECT hash FROM chain WHERE notification_id = %s", (sequence,))
            row = cursor.fetchone()
        return bytes(row["hash"]) if row else None

    def _chained(self) -> tuple[int, int]:
        """The last link, and the position up to which the relay has linked everything."""
        with self._store.statement() as cursor:
            cursor.execute(CHAINED, (self._topic,))
            row = cursor.fetchone() or {}
        return row["last"], row["relayed"]


def _event(row: dict[str, object]) -> Notification:
    values = {name: row[name] for name in ("originator_id", "originator_version", "topic", "state")}
    return Notification(id=row["notification_id"], **values)  # type: ignore[arg-type]


def _told_otherwise(head: Head, offset: int, here: bytes | None, agreed: int) -> Finding | None:
    if head.sequence == UNREADABLE:
        return Finding(Kind.REWRITTEN, agreed, said=f"the head at offset {offset} is none that a relay told", after=agreed)
    if here is None:
        return finding(Kind.MISSING, head.sequence, None)
    if here.hex() == head.hash:
        return None
    said = (
        f"events and chain agree with each other and not with Kafka: the first change is after {agreed} and not after"
        f" {head.sequence}, or the head at offset {offset} was forged"
    )
    return Finding(Kind.REWRITTEN, head.sequence, said=said, after=agreed)


def _beyond(last: int, offset: int, head: Head) -> Finding:
    said = (
        f"{head.sequence - last} events fewer than Kafka knows of: the store ends at {last}, the head at offset {offset} at"
        f" {head.sequence}; put back to an older backup, or cut off?"
    )
    return Finding(Kind.CUT_OFF, last + 1, said=said, after=last)
