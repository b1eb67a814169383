"""Erasures that a service's database doesn't know of: it was restored from a backup that is older than they are.

Only headers are looked at, from where the database says that it had got to; at an ordinary start that is the end.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from shared.events import checkins, read_event
from shared.kafka.bulk import BulkReader, Fetched, bulk_reader
from shared.kafka.replaced_log import was_replaced
from shared.projection.positions import Owned
from shared.store.erasures import Erased
from shared.store.event_store import EventStore

log = structlog.get_logger()

TOPIC = "checkins.events"
IS_ERASURE = checkins.MemberErased.type().rpartition(".v")[0].encode() + b".v"
TYPE, TYPE_PLACE = "ce_type", 3
MARGIN = timedelta(minutes=10)
"""By which clocks of machines may differ: what was stored later is looked for from so much earlier."""


async def missed_by_reader(bootstrap: str, store: EventStore, reader: str, topic: str = TOPIC) -> list[Erased]:
    """Those after the reader's stored position."""
    places = await asyncio.to_thread(_places, store, reader, topic)
    async with bulk_reader(bootstrap) as bulk:
        starts = dict.fromkeys(await bulk.partitions(topic), 0)
        for owned in places:
            if owned.partition in starts and not await was_replaced(bulk, owned):
                starts[owned.partition] = owned.next_offset
        return await _erased(bulk, topic, starts)


async def missed_by_publisher(bootstrap: str, store: EventStore, topic: str = TOPIC) -> list[Erased]:
    """Those after what its relay had sent. The relay comes here too before it sends more, so its position is never beyond
    what was looked at."""
    since = await asyncio.to_thread(_relayed_at, store, topic)
    async with bulk_reader(bootstrap) as bulk:
        starts = dict.fromkeys(await bulk.partitions(topic), 0)
        if since:
            starts = await bulk.offsets_at(topic, starts, since - MARGIN)
        return await _erased(bulk, topic, starts)


async def _erased(bulk: BulkReader, topic: str, starts: Mapping[int, int]) -> list[Erased]:
    ends = await bulk.ends([(topic, partition) for partition in starts]) if starts else {}
    found: list[Erased] = []
    for partition, start in starts.items():
        async for records in bulk.read(topic, partition, start, ends[topic, partition]):
            found += await asyncio.to_thread(_among, records)
    return found


def _among(records: Fetched) -> list[Erased]:
    found: list[Erased] = []
    for record in records:
        headers = record.headers
        placed = len(headers) > TYPE_PLACE and headers[TYPE_PLACE][0] == TYPE
        type_ = (headers[TYPE_PLACE][1] if placed else dict(headers).get(TYPE)) or b""
        if type_.startswith(IS_ERASURE):
            try:
                event = read_event(type_.decode(), record.value or b"")
            except ValueError as error:  # the stream parks it; a reading that stopped here would stop for ever
                log.error("erasures.unreadable", offset=record.offset, error=type(error).__name__)
                continue
            assert isinstance(event, checkins.MemberErased), "its type says so"
            found.append(Erased(event.member, event.occurred_at))
    return found


def _places(store: EventStore, reader: str, topic: str) -> list[Owned]:
    with store.transaction() as cursor:
        cursor.execute(
            "SELECT topic, partition, epoch, next_offset, sequence, anchor FROM reader_positions"
            " WHERE reader = %s AND topic = %s",
            (reader, topic),
        )
        return [Owned(**row) for row in cursor]


def _relayed_at(store: EventStore, topic: str) -> datetime | None:
    """When the last event was stored that the relay has sent; None where it has sent none."""
    with store.transaction() as cursor:
        cursor.execute("SELECT position FROM relay_position WHERE topic = %s", (topic,))
        row = cursor.fetchone()
    stored = store.notifications(row["position"] - 1, 1) if row and row["position"] else []
    return stored[0][1].at if stored else None
