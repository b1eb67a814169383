"""Whether a topic's last records are a publisher's own: a store that was restored must not give their sequences again.

Readers pass over what isn't greater than the last sequence that they took. A store that is behind its topic therefore goes on
above it; what was stored before that could be seen would be taken by nobody, so it isn't sent, and the relay ends.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog
from psycopg import sql

from shared.events import PublicEvent
from shared.kafka.bulk import BulkReader, bulk_reader
from shared.kafka.records import event_id
from shared.kafka.relay_position import RelayPosition
from shared.kafka.sending import partition_of
from shared.store.event_store import EventStore
from shared.store.events import PrivateEvent

log = structlog.get_logger()

TAIL = 2_000
"""Records of each partition that are looked at, and the stored events that are compared with them."""

DIGITS = 15
Translate = Callable[[PrivateEvent], PublicEvent | None]
Tail = Mapping[int, str]
"""By sequence: the `ce_id` under which it is in a partition."""


class SequenceTaken(RuntimeError):
    """An event was stored under a sequence that the topic had given to another: no reader would take it."""


async def go_on_above(bootstrap: str, store: EventStore, topic: str) -> None:
    """Where the topic has sequences that the store hasn't given yet, the next one given is above them."""
    async with bulk_reader(bootstrap) as bulk:
        tails = await _tails(bulk, topic)
    highest = max((max(tail) for tail in tails.values() if tail), default=0)
    await asyncio.to_thread(_raise, store, highest)


async def require_own(bootstrap: str, store: EventStore, topic: str, translate: Translate) -> None:
    """Goes on above, too. Raises SequenceTaken."""
    await go_on_above(bootstrap, store, topic)
    async with bulk_reader(bootstrap) as bulk:
        tails = await _tails(bulk, topic)
    unsent = await asyncio.to_thread(_last_unsent, store, topic)
    for sequence, event in unsent:
        if (public := translate(event)) is None:
            continue
        tail = tails[partition_of(str(public.subject).encode(), sorted(tails))]
        own = str(event_id(event.originator_id, event.originator_version))
        if tail and min(tail) < sequence <= max(tail) and tail.get(sequence) != own:
            log.error("relay.sequence_taken", topic=topic, sequence=sequence)
            raise SequenceTaken(f"{topic} has another event under {sequence}")


async def _tails(bulk: BulkReader, topic: str) -> dict[int, Tail]:
    partitions = await bulk.partitions(topic)
    ends = await bulk.ends([(topic, partition) for partition in partitions]) if partitions else {}
    return {partition: await _tail(bulk, topic, partition, ends[topic, partition]) for partition in partitions}


async def _tail(bulk: BulkReader, topic: str, partition: int, end: int) -> Tail:
    found: dict[int, str] = {}
    async for records in bulk.read(topic, partition, max(0, end - TAIL), end):
        for record in records:
            headers = dict(record.headers)
            sequence = headers.get("ce_sequence") or b""
            if sequence.isdigit() and len(sequence) <= DIGITS:
                found[int(sequence)] = (headers.get("ce_id") or b"").decode(errors="replace")
    return found


def _last_unsent(store: EventStore, topic: str) -> Sequence[tuple[int, PrivateEvent]]:
    last = store.postgres.max_notification_id() or 0
    return store.notifications(max(RelayPosition(store, topic).get(), last - TAIL), TAIL)


def _raise(store: EventStore, highest: int) -> None:
    """Nobody stores anything meanwhile."""
    if highest <= (store.postgres.max_notification_id() or 0):
        return
    table = store.postgres.events_table_name
    with store.transaction() as cursor:
        cursor.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(sql.Identifier(table)))
        cursor.execute(
            sql.SQL(
                "SELECT setval(pg_get_serial_sequence(%s, 'notification_id'), %s) FROM"
                " (SELECT coalesce(max(notification_id), 0) AS last FROM {}) stored WHERE last < %s"
            ).format(sql.Identifier(table)),
            (table, highest, highest),
        )
        if cursor.fetchone():
            log.warning("store.behind_its_topic", service=store.service, sequence=highest)
