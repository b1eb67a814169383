"""The heads that Kafka has of a service's chain, in the order in which they were told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec

from shared.kafka.bulk import BulkReader, bulk_reader
from shared.kafka.heads import Head
from shared.kafka.records import Readable
from shared.kafka.topics import partitions_of

UNREADABLE = -1
"""The sequence of a record that no relay can have sent."""


class ToldHeads:
    """Those that were there when this was opened, one after the other; `next` is the first that wasn't compared yet."""

    def __init__(self, reader: BulkReader, topic: str, end: int) -> None:
        self._coming = _heads(reader, topic, end)
        self.next: tuple[int, Head] | None = None

    async def advance(self) -> None:
        self.next = await anext(self._coming, None)


async def _heads(reader: BulkReader, topic: str, end: int) -> AsyncIterator[tuple[int, Head]]:
    """Each with its offset."""
    async for records in reader.read(topic, 0, 0, end):
        for record in records:
            yield record.offset, _head(record)


def _head(record: Readable) -> Head:
    try:
        return msgspec.json.decode(record.value or b"", type=Head)
    except msgspec.DecodeError:
        return Head("", UNREADABLE, "", datetime.min)


@asynccontextmanager
async def told_heads(bootstrap: str, topic: str) -> AsyncIterator[ToldHeads | None]:
    """None where nothing was ever told. Raises KafkaError where the broker isn't reached."""
    if not await partitions_of(bootstrap, topic):
        yield None
        return
    async with bulk_reader(bootstrap) as reader:
        end = await reader.end(topic, 0)
        heads = ToldHeads(reader, topic, end)
        await heads.advance()
        yield heads if heads.next else None
