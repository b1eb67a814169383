"""Group membership and live flow by Faust; every particular of Faust that we lean on is in this file.

Faust decides who owns which partition and brings live records; it stores nothing. At the end of a rebalance it calls
`claim` before it seeks and resumes (`on_rebalance_complete`, awaited in tables/recovery.py), and it is told there, by
committing the group's offset, where it resumes: `consumer._commit` is private, and tests/kafka holds it in place.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import faust
from aiokafka.errors import IllegalStateError
from faust.types import TP

from shared.kafka.bulk import Partition
from shared.kafka.records import Record

Claim = Callable[[set[Partition]], Awaitable[Mapping[Partition, int]]]
Take = Callable[[Sequence[Record]], Awaitable[None]]

MOST_AT_ONCE = 5_000
GATHER_SECONDS = 0.004
SESSION_SECONDS = 10.0
HEARTBEAT_SECONDS = 1
LONGEST_CATCH_UP_SECONDS = 86_400


class Gathering:
    """What comes within a moment of each other is taken together. Faust's own `take_events` looks every moment whether
    anything has come, and that costs 4 % of a core while nothing does."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._records: list[Record] = []
        self._some, self._room = asyncio.Event(), asyncio.Event()

    async def add(self, record: Record) -> None:
        self._records.append(record)
        self._some.set()
        if len(self._records) >= MOST_AT_ONCE:
            self._room.clear()
            await self._room.wait()

    async def run(self) -> None:
        while await self._some.wait():
            await asyncio.sleep(GATHER_SECONDS)
            records, self._records = self._records, []
            self._some.clear()
            self._room.set()
            await self._take(records)


def new_group(
    name: str,
    instance: str,
    bootstrap: str,
    topics: Sequence[str],
    claim: Claim,
    take: Take,
    session_seconds: float = SESSION_SECONDS,
) -> faust.App:
    """A Faust app that claims its partitions by `claim`, which answers where each resumes, and gives records to `take`."""
    app = faust.App(
        name,
        broker=";".join(f"kafka://{address}" for address in bootstrap.split(",")),
        store="memory://",
        datadir=str(Path(tempfile.gettempdir()) / f"{name}-faust"),
        autodiscover=False,
        web_enabled=False,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=instance,
        broker_session_timeout=session_seconds,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        broker_max_poll_interval=LONGEST_CATCH_UP_SECONDS,
        stream_wait_empty=False,
        stream_recovery_delay=0,
        table_standby_replicas=0,
        topic_disable_leader=True,
    )
    channel = app.topic(*topics, key_serializer="raw", value_serializer="raw", acks=False)
    app.agent(channel, name="live")(_flowing(take))
    app.on_rebalance_complete.connect(_claiming(app, topics, claim), weak=False)
    return app


def _flowing(take: Take) -> Callable[[Any], Awaitable[None]]:
    async def flow(stream: Any) -> None:
        gathering = Gathering(take)
        taking = asyncio.create_task(gathering.run())
        try:
            async for event in stream.events():
                await gathering.add(_record(event.message))
        finally:
            taking.cancel()

    return flow


def _claiming(app: faust.App, topics: Sequence[str], claim: Claim) -> Callable[..., Awaitable[None]]:
    async def claimed(*_: Any, **__: Any) -> None:
        resume = await claim({place for place in assigned(app) if place[0] in topics})
        if resume:
            await app.consumer._commit(  # type: ignore[attr-defined]
                {TP(*place): offset for place, offset in resume.items()}
            )

    return claimed


def assigned(app: faust.App) -> set[Partition]:
    return {(tp.topic, tp.partition) for tp in app.consumer.assignment()}


def hold_back(app: faust.App) -> None:
    """Faust fetches nothing more; what it has in hand already may still come."""
    app.consumer.pause_partitions(app.consumer.assignment())


async def let_flow(app: faust.App, offsets: Mapping[Partition, int]) -> None:
    """From these offsets on, as soon as Faust looks. While partitions change hands, they flow by themselves in the end."""
    held = {tp for tp in app.consumer.assignment() if (tp.topic, tp.partition) in offsets}
    with suppress(IllegalStateError):
        await app.consumer.seek_wait({tp: offsets[tp.topic, tp.partition] for tp in held})
    app.consumer.resume_partitions(held)


def highwaters(app: faust.App) -> dict[Partition, int]:
    """The end of each assigned partition, as far as the last fetch told."""
    known: dict[Partition, int] = {}
    for tp in app.consumer.assignment():
        end = app.consumer.highwater(tp)
        if end is not None:
            known[tp.topic, tp.partition] = end
    return known


def _record(message: Any) -> Record:
    headers = message.headers.items() if isinstance(message.headers, dict) else message.headers or ()
    return Record(message.topic, message.partition, message.offset, message.key, message.value or b"", tuple(headers))
