"""Partitions read in bulk to where their reader is to be, before or between what comes live."""

import asyncio
import gc
from collections.abc import Callable

from shared.garbage import uncollected
from shared.kafka.bulk import BulkReader
from shared.projection.engine import Engine
from shared.projection.positions import Owned

AT_ONCE = 2
"""Partitions: one is folded while another one's batch is being stored."""

BATCHES = 50
"""After so many what is left of cycles is collected once: a catch-up may take hours."""

Told = Callable[[int], object]


class CatchingUp:
    """One reader's partitions, a few at a time."""

    def __init__(self, engine: Engine, bulk: BulkReader, told: Told = lambda _: None) -> None:
        self._engine = engine
        self._bulk = bulk
        self._told = told
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._batches = 0

    async def up_to(self, owned: Owned, stop: int) -> None:
        """Takes what comes before this offset. `told` hears of each batch how many records it had."""
        async with self._turns:
            with uncollected():
                async for records in self._bulk.read(owned.topic, owned.partition, owned.next_offset, stop):
                    await asyncio.to_thread(self._engine.take, owned, records)
                    self._told(len(records))
                    self._collect()

    def _collect(self) -> None:
        self._batches += 1
        if self._batches % BATCHES == 0:
            gc.collect()
