"""While much comes in, it is read in bulk, many records to a transaction; Faust's way costs ten times as much for each.

Faust goes on to hold the group together, and brings the first record of a burst and all records of calmer times. Where the
two overlap, positions pass over what has been taken.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

import faust

from shared.kafka.bulk import BulkReader, Fetched, Partition, bulk_reader
from shared.kafka.faust_group import hold_back, let_flow

Offsets = Callable[[], Mapping[Partition, int]]
TakeTogether = Callable[[Mapping[Partition, Fetched]], Awaitable[None]]

BUSY_RATE = 300
"""Records a second from which bulk is cheaper, for all that its turns cost by themselves."""

CALM_RATE = 100
WINDOW_SECONDS = 0.5
TURN_SECONDS = 0.04
"""For which a transaction's records gather: what a webhook may wait for it."""

OVERLAP_SECONDS = 2.0
"""Faust looks once a second whether what it held back may flow again."""


class Pace:
    """How many records came in the last WINDOW_SECONDS."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, int]] = deque()
        self._total = 0

    def rate(self, count: int, now: float) -> float:
        """Records a second, with those that have just come."""
        self._counts.append((now, count))
        self._total += count
        while self._counts[0][0] <= now - WINDOW_SECONDS:
            self._total -= self._counts.popleft()[1]
        return self._total / WINDOW_SECONDS


class BusyFlow:
    """Reads one worker's partitions for as long as they are busy."""

    def __init__(self, app: faust.App, bootstrap: str, offsets: Offsets, take: TakeTogether) -> None:
        self._app = app
        self._bootstrap = bootstrap
        self._offsets = offsets
        self._take = take
        self._pace = Pace()
        self.ends: dict[Partition, int] = {}
        """Of the logs, as far as they are known: Faust doesn't hear of them meanwhile."""

    async def run(self) -> None:
        """Until Faust has the flow back. Raises LogReplaced, and what `take` raises."""
        async with bulk_reader(self._bootstrap) as bulk:
            loop, held, let_go = asyncio.get_running_loop(), True, 0.0
            while held or loop.time() < let_go + OVERLAP_SECONDS:
                if held:
                    hold_back(self._app)
                rate = self._pace.rate(await self._turn(bulk), loop.time())
                if held and rate < CALM_RATE:
                    await let_flow(self._app, self._offsets())
                    held, let_go = False, loop.time()
                elif rate > BUSY_RATE:
                    held = True
                await asyncio.sleep(TURN_SECONDS)

    async def _turn(self, bulk: BulkReader) -> int:
        fetched = await bulk.poll(self._offsets())
        self.ends |= {place: records.end for place, records in fetched.items()}
        if fetched:
            await self._take(fetched)
        return sum(len(records) for records in fetched.values())
