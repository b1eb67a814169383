"""A service's stream worker: claims what the group assigns to it, catches up in bulk, then takes what comes live.

Whatever it can't do right ends the process, and its supervisor starts it again from the stored positions: there is no
half-working state to reason about.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby

import faust
import psycopg
import structlog

from shared.kafka.bulk import ANSWERS_WITHIN_SECONDS, BulkReader, Fetched, LogReplaced, Partition, bulk_reader
from shared.kafka.busy_flow import BUSY_RATE, BusyFlow, Pace
from shared.kafka.catching_up import CatchingUp
from shared.kafka.faust_group import SESSION_SECONDS, assigned, highwaters, new_group
from shared.kafka.markers import nothing_but_markers
from shared.kafka.movement import Movement
from shared.kafka.records import Record
from shared.kafka.replaced_log import was_replaced
from shared.kafka.slots import take_slot
from shared.kafka.topics import PARTITIONS, wait_for_topics
from shared.observability import READER_LAG, READER_STILL
from shared.projection.engine import Batch, Engine
from shared.projection.generations import Generations
from shared.projection.positions import Fenced, Owned
from shared.projection.reader import Reader, topics_of
from shared.store.event_store import EventStore

log = structlog.get_logger()

LOOK_SECONDS = 1.0
STOP_SECONDS = 2.0
NOWHERE = -1
AT_REST_SECONDS = 3.0
"""Who lags and hasn't moved for so long may only have markers before them."""

GIVEN_UP_SECONDS = 5.0
"""What is owned and not assigned is claimed again within a rebalance, or never."""


class StuckReader(RuntimeError):
    """There is lag, and the position stands still."""


class NotClaimed(RuntimeError):
    """Why, the role says when it ends."""


class StreamWorker:
    """Runs one reader in one process."""

    def __init__(
        self, reader: Reader, store: EventStore, database_url: str, bootstrap: str, session_seconds: float = SESSION_SECONDS
    ) -> None:
        self._reader = reader
        self._store = store
        self._database_url = database_url
        self._bootstrap = bootstrap
        self._session_seconds = session_seconds
        self._topics = topics_of(reader.views)
        self._engine = Engine(store, reader.name, reader.views, reader.follow)
        self._owned: dict[Partition, Owned] = {}
        self._one_at_a_time = asyncio.Lock()
        self._pace = Pace()
        self._much = asyncio.Event()
        self._busy: BusyFlow | None = None
        self._failed: asyncio.Future[None] | None = None
        self._claimed = asyncio.Event()
        self._gave_up = False
        self._slot = 0

    async def ready(self) -> None:
        """Raises until the group has given this worker its share for the first time."""
        if not self._claimed.is_set():
            raise RuntimeError("no partitions assigned yet")

    async def run(self) -> None:
        """Reads until cancelled. Raises whatever makes a restart the right answer."""
        self._failed = asyncio.get_running_loop().create_future()
        async with await psycopg.AsyncConnection.connect(self._database_url, autocommit=True) as connection:
            await self._until_the_views_are_this_releases()
            self._slot = slot = await take_slot(connection, self._reader.name)
            await wait_for_topics(self._bootstrap, self._topics)
            app = new_group(
                self._reader.name,
                f"{self._reader.name}-{slot}",
                self._bootstrap,
                self._topics,
                self._guarded_claim,
                self._guarded_take,
                self._session_seconds,
            )
            tasks = [asyncio.create_task(one) for one in (_started(app), self._watch(app, connection), self._rush(app))]
            try:
                ended, _ = await asyncio.wait([self._failed, *tasks], return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._claimed.clear()
                for task in tasks:
                    task.cancel()
                await _stopped(app)
                if self._gave_up:  # a static member that is back too soon is given what it had: nothing
                    await asyncio.sleep(self._session_seconds + 1)
            ended.pop().result()

    async def _until_the_views_are_this_releases(self) -> None:
        """Not before joining the group, where an older release may still read: its views are being built anew meanwhile."""
        generations = Generations(self._reader.name, self._reader.views)
        while not await asyncio.to_thread(generations.fit, self._store):
            log.warning("stream.waits_for_views", reader=self._reader.name)
            await asyncio.sleep(LOOK_SECONDS)

    async def _guarded_claim(self, given: set[Partition]) -> dict[Partition, int]:
        try:
            async with self._one_at_a_time:
                return await self._claim(given)
        except Exception as error:
            self._fail(error)
            raise NotClaimed from None  # Faust writes into the log what an error says, and that may be a row of the database

    async def _guarded_take(self, records: Sequence[Record]) -> None:
        try:
            await self._take(records)
        except Exception as error:
            self._fail(error)
        if self._pace.rate(len(records), asyncio.get_running_loop().time()) > BUSY_RATE:
            self._much.set()

    async def _rush(self, app: faust.App) -> None:
        """Whenever much comes in, until it is calm again."""
        while True:
            await self._much.wait()
            log.info("stream.busy", reader=self._reader.name)
            self._busy = BusyFlow(app, self._bootstrap, self._offsets, self._take_together)
            await self._busy.run()
            self._busy = None
            log.info("stream.calm", reader=self._reader.name)
            self._much.clear()

    def _fail(self, error: Exception) -> None:
        if self._failed is not None and not self._failed.done():
            self._failed.set_exception(error)

    async def _claim(self, given: set[Partition]) -> dict[Partition, int]:
        """Takes the partitions over and reads each to its end, before live records come. Where none is given, what was owned
        counts as given up: a topic may have been deleted, and Faust doesn't notice when it is there again."""
        if given:
            self._owned = {place: await asyncio.to_thread(self._engine.claim, *place) for place in sorted(given)}
        async with bulk_reader(self._bootstrap) as bulk:
            catching_up = CatchingUp(self._engine, bulk)
            await asyncio.gather(*(self._catch_up(self._owned[place], catching_up, bulk) for place in sorted(given)))
        self._claimed.set()
        log.info("stream.claimed", partitions=len(given))
        return {place: owned.next_offset for place, owned in self._owned.items() if place in given}

    async def _catch_up(self, owned: Owned, catching_up: CatchingUp, bulk: BulkReader) -> None:
        with self._letting_go(owned):
            if await was_replaced(bulk, owned):
                log.warning("stream.log_replaced", topic=owned.topic, partition=owned.partition)
                await asyncio.to_thread(self._engine.positions.start_over, owned)
            await asyncio.to_thread(self._engine.retry, owned, everything=True)
            await catching_up.up_to(owned, await bulk.end(owned.topic, owned.partition))

    async def _take(self, records: Sequence[Record]) -> None:
        async with self._one_at_a_time:
            batches: list[Batch] = []
            for place, group in groupby(sorted(records, key=_place), key=_place):
                owned, batch = self._owned.get(place), list(group)
                if owned is None:
                    continue  # another's by now; its owner reads it from the stored position
                with self._letting_go(owned):
                    if batch[0].offset > owned.next_offset:
                        await self._arrive(owned, batch[0].offset)
                    batches.append((owned, batch))
            if batches:
                await self._take_batches(batches)

    async def _take_together(self, fetched: Mapping[Partition, Fetched]) -> None:
        async with self._one_at_a_time:
            owned = [(self._owned[place], records) for place, records in fetched.items() if place in self._owned]
            await self._take_batches([(one, records) for one, records in owned if records.start <= one.next_offset])

    async def _take_batches(self, batches: Sequence[Batch]) -> None:
        try:
            await asyncio.to_thread(self._engine.take_together, batches)
        except Fenced:
            for owned, records in batches:
                with self._letting_go(owned):
                    await asyncio.to_thread(self._engine.take, owned, records)

    def _offsets(self) -> dict[Partition, int]:
        return {place: owned.next_offset for place, owned in self._owned.items()}

    async def _arrive(self, owned: Owned, offset: int) -> None:
        """Reads a gap in bulk. Raises LogReplaced where Faust leapt because another log is there now."""
        async with bulk_reader(self._bootstrap) as bulk:
            if await was_replaced(bulk, owned):
                raise LogReplaced(f"{self._reader.name} at {owned.topic}/{owned.partition}")
            await CatchingUp(self._engine, bulk).up_to(owned, offset)

    @contextmanager
    def _letting_go(self, owned: Owned) -> Iterator[None]:
        """A hand-over may be under way: who is fenced lets go of the partition, and the others flow on. If it is ours after
        all (a zombie claimed it), it lags without movement, and that ends the process."""
        try:
            yield
        except Fenced:
            log.warning("stream.fenced", topic=owned.topic, partition=owned.partition)
            self._owned.pop((owned.topic, owned.partition), None)

    async def _watch(self, app: faust.App, connection: psycopg.AsyncConnection) -> None:
        """Ends when the slot's connection is lost, when Faust ends, or when a partition lags without movement."""
        movement = Movement()
        while not app.should_stop:
            await asyncio.sleep(LOOK_SECONDS)
            await connection.execute("SELECT 1")
            offsets = self._offsets()
            ends = highwaters(app) | (self._busy.ends if self._busy else {})
            await self._show(ends, offsets)
            now = asyncio.get_running_loop().time()
            given_up = self._given_up(app, offsets)
            deaf = self._deaf(app)
            stuck = movement.stuck(given_up | deaf | ends, offsets, now)
            if [place for place in given_up if movement.still(place, now) > GIVEN_UP_SECONDS]:
                self._gave_up = True
                raise StuckReader(f"{self._reader.name} was given nothing")
            READER_STILL.labels(self._reader.name).set(max((movement.still(place, now) for place in ends | deaf), default=0))
            if stuck:
                self._gave_up = bool(deaf.keys() & set(stuck))
                raise StuckReader(f"{self._reader.name} at {stuck}")
            for place in [place for place in ends if movement.still(place, now) > AT_REST_SECONDS]:
                await self._pass_over_markers(place, ends[place])
            await self._retry_parked()
        raise app.crash_reason or RuntimeError("Faust ended")

    def _given_up(self, app: faust.App, offsets: Mapping[Partition, int]) -> dict[Partition, int]:
        """What is owned and assigned to nobody here, as if there were one more to read: Faust lets go of a topic that was
        deleted, and nobody claims it. While a claim is under way, it is about to take over."""
        if self._one_at_a_time.locked():
            return {}
        return {place: offsets[place] + 1 for place in offsets.keys() - assigned(app)}

    def _deaf(self, app: faust.App) -> dict[Partition, int]:
        """The topics of which nothing is assigned here although there is enough for this slot: a topic that was away when the
        group dealt its partitions is dealt to nobody. As if there were one record to read of each."""
        if self._one_at_a_time.locked() or self._slot >= PARTITIONS:
            return {}
        heard = {topic for topic, _ in assigned(app)}
        return {(topic, NOWHERE): 1 for topic in self._topics if topic not in heard}

    async def _show(self, ends: Mapping[Partition, int], offsets: Mapping[Partition, int]) -> None:
        """Sets the metrics. Raises LogReplaced where the log ends before what was read of it.

        What the last fetch told may be older than what was read in bulk since, so the broker is asked before that is said.
        """
        for place, offset in offsets.items():
            end = ends.get(place)
            if end is None:
                continue
            if end < offset and not self._one_at_a_time.locked() and await self._ends_before(place, offset):
                raise LogReplaced(f"{self._reader.name} at {place}")
            READER_LAG.labels(self._reader.name, place[0], str(place[1])).set(max(end - offset, 0))

    async def _ends_before(self, place: Partition, offset: int) -> bool:
        """As the broker says; one that doesn't answer soon, or knows no such topic, is asked again at the next look."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWERS_WITHIN_SECONDS), bulk_reader(self._bootstrap) as bulk:
                return await bulk.end(*place) < offset
        return False

    async def _pass_over_markers(self, place: Partition, end: int) -> None:
        """Faust tells of no record up to there, and none may be there: that is no lag, and no reader that only looks alive."""
        owned = self._owned.get(place)
        if owned is None or self._one_at_a_time.locked():
            return
        before = owned.next_offset
        if not await nothing_but_markers(self._bootstrap, place, before, end):
            return
        async with self._one_at_a_time:
            if self._owned.get(place) is owned and owned.next_offset == before:
                with self._letting_go(owned):
                    await asyncio.to_thread(self._engine.pass_over, owned, end)

    async def _retry_parked(self) -> None:
        if self._one_at_a_time.locked():
            return  # a catch-up may take hours; who watches doesn't wait for it
        async with self._one_at_a_time:
            for owned in list(self._owned.values()):
                if owned.parked:
                    with self._letting_go(owned):
                        await asyncio.to_thread(self._engine.retry, owned)


async def _started(app: faust.App) -> None:
    """Ends by failing only. Where a topic is away Faust waits in its start for it, for ever: who watches must be heard then."""
    await app.start()
    await asyncio.Event().wait()


async def _stopped(app: faust.App) -> None:
    """Faust waits a minute for a consumer whose broker is gone; what it still holds is nothing that matters."""
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(app.stop())), STOP_SECONDS)


def _place(record: Record) -> Partition:
    return record.topic, record.partition
