"""Works on replays: one at a time, under a lease, so that another process goes on when this one is killed."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

import psycopg
import structlog
from aiokafka.errors import KafkaError
from psycopg.errors import IdleInTransactionSessionTimeout, LockNotAvailable
from psycopg.rows import DictRow

from shared.clock import Clock
from shared.kafka.bulk import bulk_reader
from shared.kafka.rebuilding import NotClose, Rebuilding
from shared.kafka.replay_window import Window
from shared.kafka.topics import PARTITIONS, wait_for_topics
from shared.observability import places
from shared.projection.bounds import publisher_of
from shared.projection.generations import Generations
from shared.projection.positions import Fenced, Positions
from shared.projection.reader import topics_of
from shared.projection.replays import Ask, LeaseLost, Replays, State, Wish
from shared.projection.switching import NotTheSame, give_up_unless_switched
from shared.projection.tables import Table
from shared.projection.view import View
from shared.store.event_store import EventStore, Unavailable

log = structlog.get_logger()

LOOK_SECONDS = 0.25
BEAT_SECONDS = 1.0
BUSY_LAG = 1_000
"""Records by which a live reader that moves may be behind before a replay waits for it."""

AWAY = (KafkaError, OSError, psycopg.OperationalError, psycopg.InterfaceError, IdleInTransactionSessionTimeout, *Unavailable)
"""What a broker or a database that is away for a while makes of a replay."""

Told = Callable[[Mapping[str, Any]], None]


class Stopped(Exception):
    """It was wished that this work ends here."""

    def __init__(self, wish: Wish) -> None:
        super().__init__(wish)
        self.wish = wish


class Replaying:
    """The replays of one reader."""

    def __init__(
        self, store: EventStore, database_url: str, reader: str, views: Sequence[View[Any]], bootstrap: str, clock: Clock
    ) -> None:
        self._store = store
        self._database_url = database_url
        self._reader = reader
        self._views = {view.name: view for view in views}
        self._bootstrap = bootstrap
        self._clock = clock
        self._upgraded: set[str] = set()
        self.replays = Replays(store, reader, clock)

    def publisher_of(self, view: str) -> str:
        """Raises ValueError for a view that there isn't."""
        if view not in self._views:
            raise ValueError(f"there is no view {view}; there are {', '.join(sorted(self._views))}")
        return publisher_of(self._views[view].topic)

    async def ready(self) -> None:
        await asyncio.to_thread(self._versions)

    async def run(self) -> None:
        """Until cancelled. A view whose live generation is older than this release is built anew, and switched to."""
        topics = topics_of(list(self._views.values()))
        await wait_for_topics(self._bootstrap, topics)
        async with asyncio.TaskGroup() as together:
            together.create_task(self._see_ends(topics))
            while True:
                await asyncio.to_thread(self._upgrade)
                if row := await asyncio.to_thread(self.replays.take, uuid4()):
                    together.create_task(self.work(row))
                else:
                    await asyncio.sleep(LOOK_SECONDS)

    async def _see_ends(self, topics: Sequence[str]) -> None:
        """Seen from here, a reader's lag is true also when the reader stands still."""
        positions = Positions(self._store, self._reader, self._clock)
        places = [(topic, partition) for topic in topics for partition in range(PARTITIONS)]
        while True:
            with suppress(*AWAY):
                async with bulk_reader(self._bootstrap) as bulk:
                    while True:
                        await asyncio.to_thread(positions.see_ends, await bulk.ends(places))
                        await asyncio.sleep(BEAT_SECONDS)
            await asyncio.sleep(BEAT_SECONDS)

    async def start(self, ask: Ask) -> DictRow:
        """A replay that this process works on itself. Raises a 404 or 409 Problem."""
        id_ = await asyncio.to_thread(self.replays.start, ask, uuid4())
        return await asyncio.to_thread(self.replays.get, id_)

    async def work(self, row: DictRow, told: Told = lambda _: None, leave_following: bool = False) -> None:
        """Until it has ended or is paused; with `leave_following`, until it keeps up. `told` hears of the progress."""
        beating = asyncio.create_task(self._beat(row))
        try:
            await self._work(row, told, leave_following)
        except (LeaseLost, Fenced):
            log.warning("replay.lease_lost", replay=str(row["id"]))
        except AWAY as error:  # when the lease runs out, whoever is there goes on
            log.warning("replay.interrupted", replay=str(row["id"]), because=type(error).__name__)
        except Exception as error:
            await self._fail(row, error)
        finally:
            beating.cancel()

    async def _beat(self, row: DictRow) -> None:
        """Holds the lease while one statement takes longer than it."""
        with suppress(LeaseLost):
            while True:
                await self.report(row)
                await asyncio.sleep(BEAT_SECONDS)

    async def _work(self, row: DictRow, told: Told, leave_following: bool) -> None:
        view = self._views[row["view"]]
        rolls_back = row["wish"] == Wish.ROLL_BACK
        if done := await asyncio.to_thread(self._already, row):
            await self.settle(row, done)
            return
        generation = await asyncio.to_thread(self._former, row) if rolls_back else row["generation"]
        if generation is None:
            await self.settle(row, State.SWITCHED, problem="there is no former generation of this release's version")
            return
        async with bulk_reader(self._bootstrap) as bulk:
            window = Window() if rolls_back else Window.read(row["asked"])
            arguments = (self._store, self._database_url, self._reader, Table(view, generation), bulk, window, self._clock)
            rebuilding = await asyncio.to_thread(Rebuilding, *arguments)
            try:
                await _Progress(self, row, rebuilding, told, leave_following).through()
            except Stopped as stopped:
                await self._stop(row, rebuilding, stopped.wish)

    async def _stop(self, row: DictRow, rebuilding: Rebuilding, wish: Wish) -> None:
        await asyncio.to_thread(rebuilding.leave_nothing if wish is Wish.CANCEL else rebuilding.forget_the_erased)
        await self.settle(row, State.CANCELLED if wish is Wish.CANCEL else State.PAUSED)

    async def report(self, row: DictRow, **columns: Any) -> Wish | None:
        return await asyncio.to_thread(lambda: self.replays.report(row, **columns))

    async def settle(self, row: DictRow, state: State, **columns: Any) -> None:
        await asyncio.to_thread(lambda: self.replays.settle(row, state, **columns))

    def _versions(self) -> dict[str, DictRow]:
        with self._store.transaction() as cursor:
            return Generations(self._reader, ()).rows(cursor)

    def _already(self, row: DictRow) -> State | None:
        """What another process did that was killed before it could say so. A generation that is live isn't built."""
        live = self._versions()[row["view"]]["live"]
        if row["wish"] == Wish.ROLL_BACK:
            return State.ROLLED_BACK if live < row["generation"] else None
        return State.SWITCHED if live == row["generation"] else None

    async def _fail(self, row: DictRow, error: Exception) -> None:
        log.error("replay.failed", replay=str(row["id"]), error=type(error).__name__, at=places(error))
        problem = str(error) if isinstance(error, NotTheSame) else type(error).__name__
        with suppress(LeaseLost):  # it is another's by now, and so is what it built
            await self.report(row)
            await asyncio.to_thread(self._leave_nothing, row)
            await self.settle(row, State.FAILED, problem=problem)

    def _leave_nothing(self, row: DictRow) -> None:
        with self._store.transaction() as cursor:
            give_up_unless_switched(cursor, self._reader, Table(self._views[row["view"]], row["generation"]))

    def _former(self, row: DictRow) -> int | None:
        """The generation before this replay's, if this release can fold it. What a later one was taken back from is none."""
        now = self._versions()[row["view"]]
        former = now["previous"]
        fits = now["live"] == row["generation"] and now["previous_version"] == self._views[row["view"]].version
        return former if fits and former is not None and former < row["generation"] else None

    def _upgrade(self) -> None:
        versions = self._versions()
        for name, view in self._views.items():
            if versions[name]["version"] < view.version and name not in self._upgraded:
                self._upgraded.add(name)
                self._start_upgrade(name)

    def _start_upgrade(self, name: str) -> None:
        try:
            id_ = self.replays.start(Ask(name, "shadow", "release", {}, switch_by_itself=True))
            log.info("replay.upgrade", view=name, replay=str(id_))
        except Exception as problem:
            log.warning("replay.upgrade_waits", view=name, error=type(problem).__name__)


class _Progress:
    """One replay's way from its first record to its end."""

    def __init__(self, replaying: Replaying, row: DictRow, rebuilding: Rebuilding, told: Told, leave_following: bool) -> None:
        self._replaying = replaying
        self._row = row
        self._rebuilding = rebuilding
        self._told = told
        self._leave_following = leave_following
        self._follows = row["state"] == State.FOLLOWING
        self._begun, self._begun_at, self._total = time.monotonic(), 0, 0
        self._speed: float = row["events_per_second"]
        self._result: dict[str, Any] = dict(row["result"] or {})
        self._at_once = max(1, int(row["rate"])) if row["rate"] else None  # so that it doesn't leap and stand still

    @property
    def _rolls_back(self) -> bool:
        return bool(self._row["wish"] == Wish.ROLL_BACK)

    async def through(self) -> None:
        """Raises Stopped where it is paused or cancelled."""
        live = await self._look()
        self._begun, self._begun_at = time.monotonic(), self._rebuilding.done
        resumed = {"wish": None} if self._row["wish"] == Wish.RESUME else {}
        await self._tell(state=State.FOLLOWING if self._follows else State.BUILDING, **resumed)
        while True:
            async for count in self._rebuilding.advance(live, self._at_once):
                await self._tell()
                await self._give_way(count)
            wish = await self._tell()
            with suppress(NotClose, LockNotAvailable):  # tried again
                if await self._arrived(wish):
                    return
            live = await self._look()

    async def _arrived(self, wish: Wish | None) -> bool:
        """Whether nothing is left to do. Raises NotClose or LockNotAvailable."""
        if self._rolls_back or wish is Wish.SWITCH or (self._follows and self._row["switch_by_itself"]):
            await self._switch()
            return True
        if self._follows:
            await asyncio.sleep(LOOK_SECONDS)
            return False
        self._result = await self._rebuilding.compared()
        if self._row["target"] == "dry-run":
            await asyncio.to_thread(self._rebuilding.leave_nothing)
            await self._settle(State.DONE)
            return True
        await self._tell(state=State.FOLLOWING, result=self._result)
        self._follows = True
        if self._leave_following and not self._row["switch_by_itself"]:
            await self._settle(State.FOLLOWING)
            return True
        return False

    async def _switch(self) -> None:
        held = await self._rebuilding.switched()
        state = State.ROLLED_BACK if self._rolls_back else State.SWITCHED
        log.info("replay.switched", view=self._row["view"], state=state, held_ms=round(1_000 * held))
        self._result["held_seconds"] = round(held, 3)
        await self._settle(state)

    async def _settle(self, state: State) -> None:
        await self._replaying.settle(self._row, state, result=self._result, **self._how_far())

    async def _look(self) -> dict[int, int]:
        live = await asyncio.to_thread(self._rebuilding.live)
        self._total = sum(live.values())
        return live

    async def _tell(self, **columns: Any) -> Wish | None:
        columns = self._how_far() | columns
        wish = await self._replaying.report(self._row, **columns)
        self._row |= columns
        self._told(self._row)
        if wish in (Wish.PAUSE, Wish.CANCEL):
            raise Stopped(wish)
        return wish

    def _how_far(self) -> dict[str, Any]:
        """The speed is that of building, by this process; what follows the live view is as fast as that."""
        done = self._rebuilding.done
        if not self._follows:
            self._speed = (done - self._begun_at) / max(time.monotonic() - self._begun, 1e-3)
        return {"done": done, "total": max(done, self._total), "events_per_second": self._speed}

    async def _give_way(self, count: int) -> None:
        """Keeps to the rate that was asked for, and lets a live reader that is busy go first."""
        if self._row["rate"]:
            await self._wait(count / self._row["rate"])
        before = await self._look()
        while await self._rebuilding.live_lag() > BUSY_LAG:
            await self._wait(LOOK_SECONDS)
            if before == (before := await self._look()):
                return  # nobody reads live

    async def _wait(self, seconds: float) -> None:
        """Hears of wishes meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, LOOK_SECONDS))
            await self._tell()
