"""One generation of a view, built from the topic's beginning beside the live one, and never ahead of it.

It folds with an engine to which nothing is given that could follow an effect: a replay cannot page anyone, by construction.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from shared.clock import Clock
from shared.kafka.bulk import BulkReader, Fetched
from shared.kafka.replaced_log import was_replaced
from shared.kafka.replay_window import Window
from shared.projection.comparing import compare
from shared.projection.engine import Engine
from shared.projection.positions import Owned
from shared.projection.switching import NotTheSame, builder_of, give_up, hold, switch
from shared.projection.tables import Table
from shared.projection.view import Key
from shared.store import erasures
from shared.store.event_store import EventStore

CLOSE = 500
"""Records behind the live reader at most, for its position to be held while they are folded: some 20 ms."""


class NotClose(RuntimeError):
    """Too far behind the live reader to hold it; try again."""


@dataclass(frozen=True)
class Held:
    """The transaction that holds the live reader's position, and since when."""

    connection: psycopg.Connection[DictRow]
    since: float


def _in_pieces(records: Fetched, at_once: int | None) -> Iterator[Fetched]:
    for start in range(records.start, records.stop, at_once or len(records)):
        yield replace(records, start=start, stop=min(start + (at_once or len(records)), records.stop))


class Rebuilding:
    """`advance` brings it closer to the live reader, `compared` and `switched` hold that one for the blink of an eye."""

    def __init__(
        self,
        store: EventStore,
        database_url: str,
        reader: str,
        table: Table[Any],
        bulk: BulkReader,
        window: Window,
        clock: Clock,
    ) -> None:
        self._store = store
        self._database_url = database_url
        self._reader = reader
        self._table = table
        self._bulk = bulk
        self._window = window
        self._view = view = table.view
        self._engine = Engine(
            store, builder_of(reader, table), [view], tables=lambda _: {view.name: table}, clock=clock, beside=reader
        )
        self._owned: dict[int, Owned] = {}
        self._looked_at: set[int] = set()
        self.touched: set[Key] = set()
        with store.transaction() as cursor:
            if window.limits_keys:  # which keys were touched is known to one process only
                give_up(cursor, reader, table)
            table.create(cursor)

    @property
    def done(self) -> int:
        """Records read so far."""
        return sum(owned.next_offset for owned in self._owned.values())

    def live(self) -> dict[int, int]:
        """The live reader's next offsets. What it has begun is begun here."""
        with self._store.transaction() as cursor:
            cursor.execute(
                "SELECT partition, next_offset FROM reader_positions WHERE reader = %s AND topic = %s",
                (self._reader, self._view.topic),
            )
            live = {row["partition"]: row["next_offset"] for row in cursor}
        for partition in live.keys() - self._owned.keys():
            self._owned[partition] = self._engine.claim(self._view.topic, partition)
        return live

    async def advance(self, live: Mapping[int, int], at_once: int | None = None) -> AsyncIterator[int]:
        """Folds up to these offsets; after each batch, how many records it had."""
        for partition, stop in live.items():
            owned = self._owned[partition]
            await self._start_over_in_a_new_log(owned)
            async for records in self._bulk.read(owned.topic, partition, owned.next_offset, stop):
                for batch in _in_pieces(records, at_once):
                    await asyncio.to_thread(self._take, owned, batch)
                    yield len(batch)

    async def _start_over_in_a_new_log(self, owned: Owned) -> None:
        """Once: a generation that was paused, or was the live one before, may stand at an offset of a log that is gone."""
        if owned.partition in self._looked_at:
            return
        if await was_replaced(self._bulk, owned):
            await asyncio.to_thread(self._engine.positions.start_over, owned)
        self._looked_at.add(owned.partition)

    def behind(self, live: Mapping[int, int]) -> int:
        """In records. Raises NotTheSame where it is ahead: the live reader reads another log by now."""
        lags = [stop - self._owned[partition].next_offset for partition, stop in live.items()]
        if min(lags, default=0) < 0:
            raise NotTheSame("the live reader has started over")
        return sum(lags)

    async def live_lag(self) -> int:
        """By how many records the live reader is behind."""
        live = await asyncio.to_thread(self.live)
        ends = await self._bulk.ends([(self._view.topic, partition) for partition in live])
        return sum(ends.values()) - sum(live.values())

    async def compared(self) -> dict[str, Any]:
        """The differences to the live view at one position. Raises NotClose."""
        with self._connected() as seeing:
            seeing.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            async with self._held():
                await asyncio.to_thread(self._sweep)
                seeing.execute("SELECT 1")  # its snapshot is of this moment
            keys = self.touched if self._window.limits_keys else None
            return await asyncio.to_thread(compare, seeing.cursor(), self._view.name, self._table, keys)

    async def switched(self) -> float:
        """Makes it the live generation; answers with the seconds for which the live reader was held. Raises NotClose,
        NotTheSame, or psycopg's LockNotAvailable, after which nothing has changed."""
        async with self._held() as held:
            await asyncio.to_thread(switch, held.connection.cursor(), self._reader, self._table)
            held.connection.commit()
            return time.monotonic() - held.since

    def leave_nothing(self) -> None:
        with self._store.transaction() as cursor:
            give_up(cursor, self._reader, self._table)

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[Held]:
        """The live reader waits, and this generation is exactly where it is."""
        with self._connected() as connection:
            await self._come_close()
            since = time.monotonic()
            held = await asyncio.to_thread(hold, connection.cursor(), self._reader, self._view.topic)
            if held.keys() - self._owned.keys() or self.behind(held) > 2 * CLOSE:
                raise NotClose
            async for _ in self.advance(held):
                pass
            for owned in self._owned.values():
                if owned.parked:
                    await asyncio.to_thread(self._engine.retry, owned, True)
            yield Held(connection, since)

    async def _come_close(self) -> None:
        """What came since the last look is folded before the live reader is held, not while it is."""
        live = await asyncio.to_thread(self.live)
        if self.behind(live) > CLOSE:
            raise NotClose
        async for _ in self.advance(live):
            pass

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[DictRow]]:
        with psycopg.connect(self._database_url, row_factory=dict_row) as connection:
            yield connection

    def _take(self, owned: Owned, records: Fetched) -> None:
        wanted = self._window.of(records, self._view)
        self.touched |= wanted.touched
        self._engine.take(owned, wanted.folded)
        if owned.next_offset < records.stop:
            self._engine.pass_over(owned, records.stop)

    def forget_the_erased(self) -> None:
        """Where it comes to a stop, it may stand between somebody's enrolment and their erasure."""
        if self._view.subject:
            with self._store.transaction() as cursor:
                self._table.forget(cursor, erasures.everybody(cursor))

    def _sweep(self) -> None:
        with self._store.transaction() as cursor:
            self._table.sweep(cursor)
