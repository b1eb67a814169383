"""Partitions read in bulk to where their reader is to be, before or between what comes live."""

import asyncio
from collections.abc import Callable

from shared.kafka.bulk import BulkReader
from shared.projection.engine import Engine
from shared.projection.positions import Owned

AT_ONCE = 2
"""Partitions: one is folded while another one's batch is being stored."""

Told = Callable[[int], object]


class CatchingUp:
    """One reader's partitions, a few at a time."""

    def __init__(self, engine: Engine, bulk: BulkReader, told: Told = lambda _: None) -> None:
        self._engine = engine
        self._bulk = bulk
        self._told = told
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def up_to(self, owned: Owned, stop: int) -> None:
        """Takes what comes before this offset. `told` hears of each batch how many records it had."""
        async with self._turns:
            async for records in self._bulk.read(owned.topic, owned.partition, owned.next_offset, stop):
                await asyncio.to_thread(self._engine.take, owned, records)
                self._told(len(records))
