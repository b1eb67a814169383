"""A partition read in bulk to where its reader is to be, before or between what comes live."""

import asyncio
from collections.abc import Callable

from shared.kafka.bulk import BulkReader
from shared.projection.engine import Engine
from shared.projection.positions import Owned

Told = Callable[[int], object]


async def catch_up(engine: Engine, bulk: BulkReader, owned: Owned, stop: int, told: Told = lambda _: None) -> None:
    """Takes what comes before this offset. `told` hears of each batch how many records it had.

    One partition after the other: two threads that fold wait for Python's lock longer than one waits for the database.
    """
    async for records in bulk.read(owned.topic, owned.partition, owned.next_offset, stop):
        await asyncio.to_thread(engine.take, owned, records)
        told(len(records))
