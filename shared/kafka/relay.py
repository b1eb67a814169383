"""The relay: stored events to Kafka, in order, each at least once, under one `ce_id` and one `ce_sequence`.

One leader for each service holds an advisory lock on a connection of its own; when the lock's connection is lost the
process ends and its supervisor starts another. The stored position moves only after every acknowledgement, and the chain of
hashes with it.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import psycopg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from eventsourcing.persistence import Notification

from shared.events import PublicEvent
from shared.kafka.heads import Heads
from shared.kafka.log_ends import require_own
from shared.kafka.producer import patient_producer
from shared.kafka.records import record_of
from shared.kafka.relay_position import RelayPosition, SetBack
from shared.kafka.sending import Sending
from shared.kafka.topics import heads_beside, wait_for_topics
from shared.observability import RELAY_POSITION, RELAYED
from shared.store.chain import Chain, Link, Tampered
from shared.store.event_store import EventStore
from shared.store.events import PrivateEvent

log = structlog.get_logger()

BATCH = 1_000
POLL_SECONDS = 1.0
"""LISTEN wakes the relay within milliseconds; the poll is for a wake-up that was lost."""

GATHER_SECONDS = 0.02
"""After a batch: under load the next one is then worth its wake-ups, here and in every reader. An idle relay never waits."""

BUSY, BUSY_SECONDS = 32, 0.05
"""From so many in a batch on, longer: half of what an event costs Kafka and the readers at such a pace is for its batch."""

LOCK = "SELECT pg_try_advisory_lock(hashtext('relay'), hashtext(%s)) AS got"
Translate = Callable[[PrivateEvent], PublicEvent | None]


class Relay:
    """Follows one service's notification log. `before` is done once it leads, before anything is sent."""

    def __init__(
        self,
        store: EventStore,
        database_url: str,
        topic: str,
        translate: Translate,
        bootstrap: str,
        before: Callable[[], Awaitable[None]] | None = None,
        chain: Chain | None = None,
    ) -> None:
        self._store = store
        self._database_url = database_url
        self._topic = topic
        self._translate = translate
        self._bootstrap = bootstrap
        self._before = before
        self._position = RelayPosition(store, topic)
        self._chain = chain or Chain(store)
        self._heads = Heads(store.service, topic, self._chain)
        self._leading = False

    async def ready(self) -> None:
        """A standby is as ready as the leader: each does what it is there for."""
        await asyncio.to_thread(self._position.get)

    async def run(self) -> None:
        """Relays until cancelled. Raises when the database, the lock's connection or the producer is lost for good, and
        Tampered where what is stored isn't what was chained, SequenceTaken where readers would pass over what is to be sent."""
        async with await psycopg.AsyncConnection.connect(self._database_url, autocommit=True) as connection:
            await self._lead(connection)
            await connection.execute(f"LISTEN {self._store.postgres.channel_name}".encode())
            await wait_for_topics(self._bootstrap, [self._topic, heads_beside(self._topic)])
            await self._require_own()
            if self._before:
                await self._before()
            async with patient_producer(self._bootstrap) as producer:
                try:
                    await self._follow(connection, producer)
                except Tampered as broken:
                    log.error("chain.broken", topic=self._topic, because=str(broken))
                    raise

    async def _follow(self, connection: psycopg.AsyncConnection, producer: AIOKafkaProducer) -> None:
        await asyncio.to_thread(self._chain.read)
        position = await asyncio.to_thread(self._position.get)
        while True:
            moved = await self._relay_batch(producer, position)
            behind = self._chain.behind(moved)
            if behind:
                await asyncio.to_thread(self._chain.catch_up, moved)
            await self._heads.tell(producer)
            if moved > position:
                await asyncio.sleep(0 if behind else _gathering(moved - position))
            elif not behind and (moved := await asyncio.to_thread(self._position.get)) == position:  # nobody set it back
                await _wake_up(connection, self._heads.seconds_left(POLL_SECONDS))
            if moved < position:
                self._heads.forget()
            position = moved

    async def _lead(self, connection: psycopg.AsyncConnection) -> None:
        while not self._leading:
            row = await (await connection.execute(LOCK, (self._topic,))).fetchone()
            self._leading = bool(row and row[0])
            if not self._leading:
                await asyncio.sleep(POLL_SECONDS)
        log.info("relay.leading", topic=self._topic)

    async def _require_own(self) -> None:
        """A broker that can't be asked just now is asked again."""
        while True:
            try:
                return await require_own(self._bootstrap, self._store, self._topic, self._translate)
            except KafkaError as error:
                log.warning("relay.cannot_ask", topic=self._topic, error=type(error).__name__)
                await asyncio.sleep(POLL_SECONDS)

    async def _relay_batch(self, producer: AIOKafkaProducer, position: int) -> int:
        """Sends what was stored after the position. The new position, or the one that somebody set back."""
        stored, events, links = await asyncio.to_thread(self._stored_after, position)
        if not stored:
            return position
        await self._send(producer, events)
        last = stored[-1].id
        try:
            await asyncio.to_thread(self._position.move, last, links)
        except SetBack:
            log.warning("relay.set_back", topic=self._topic)
            self._heads.forget()
            await asyncio.to_thread(self._chain.read)
            return await asyncio.to_thread(self._position.get)
        self._chain.extended(links)
        RELAY_POSITION.labels(self._store.service).set(last)
        return last

    def _stored_after(self, position: int) -> tuple[list[Notification], list[tuple[int, PrivateEvent]], list[Link]]:
        """As it is stored, decoded, and what is to be chained of it."""
        stored = self._store.stored(position, BATCH)
        links = self._chain.links(position, stored)
        return stored, [(one.id, self._store.decoded(one)) for one in stored], links

    async def _send(self, producer: AIOKafkaProducer, stored: Sequence[tuple[int, PrivateEvent]]) -> None:
        sending, count = await Sending.to(producer, self._topic), 0
        for sequence, event in stored:
            public = self._translate(event)
            if public is not None:
                await sending.add(record_of(self._store.service, sequence, event, public))
                count += 1
        await sending.acknowledged()
        RELAYED.labels(self._store.service).inc(count)


def _gathering(sent: int) -> float:
    """Seconds in which the next batch may gather; none where it waits already."""
    if sent >= BATCH:
        return 0
    return BUSY_SECONDS if sent >= BUSY else GATHER_SECONDS


async def _wake_up(connection: psycopg.AsyncConnection, seconds: float) -> None:
    """Returns at a notification, or after so many seconds. Raises when the connection, and so the lock, is lost."""
    async with contextlib.aclosing(connection.notifies(timeout=seconds, stop_after=1)) as notifications:
        async for _ in notifications:
            return
