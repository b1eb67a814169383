"""Takes what is owed and what is due, as soon as it is committed, and sees to it; several may run beside each other.

A commit wakes it by NOTIFY; a poll every half second stays beside that, for retries, timers, and wake-ups that were lost.
"""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import structlog

from services.alerts.domain.retries import LONG_SECONDS, next_attempt, not_before
from services.alerts.domain.timers import Timer
from services.alerts.views.schema import WORK
from services.alerts.webhooks.leases import Attempt, Leased, Leases
from services.alerts.webhooks.sending import Sender
from shared.clock import Clock
from shared.observability import DELIVERIES, DELIVERY_SECONDS

log = structlog.get_logger()

AT_ONCE = 64
TIMERS_AT_ONCE = 8
POLL_SECONDS = 0.5
GRACE_SECONDS = 4.5
GONE = 410
MUST_ARRIVE = frozenset({"alert.offered", "alert.escalated"})
"""A debt until somebody has the alert. The rest only informs, and ends with its schedule."""


@dataclass(frozen=True)
class Does:
    """What the dispatcher calls upon: both in a worker thread."""

    fire: Callable[[Timer], None]
    switch_off: Callable[[UUID], None]


class Dispatcher:
    """One process's share of the work."""

    def __init__(self, leases: Leases, sender: Sender, does: Does, clock: Clock) -> None:
        self._leases = leases
        self._sender = sender
        self._does = does
        self._clock = clock
        self._busy: Counter[UUID] = Counter()
        self._firing = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()

    async def run(self, database_url: str) -> None:
        """Works until cancelled; what is in flight then is finished. Raises when the database is lost."""
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
            await connection.execute(f"LISTEN {WORK}".encode())
            listening = asyncio.create_task(self._listen(connection))
            try:
                while not listening.done():
                    if not await self.take():
                        await self._woken()
                listening.result()
            finally:
                listening.cancel()
                await self._finish()

    async def drain(self) -> None:
        """Does everything that is due now, and what becomes due by it."""
        while True:
            nothing_under_way = not self._tasks  # what ends while it is asked what is due may have made more of it
            if not await self.take() and nothing_under_way:
                return
            if self._tasks:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def take(self) -> int:
        """Takes what is due and has a place, begins it, and says how much that was."""
        self._wake.clear()
        free, now = AT_ONCE - self._busy.total(), self._clock()
        deliveries = await self._leases.take(now, free, self._busy) if free > 0 else []
        timers = await self._leases.take_timers(now, TIMERS_AT_ONCE - self._firing) if self._firing < TIMERS_AT_ONCE else []
        for delivery in deliveries:
            self._busy[delivery.endpoint] += 1
            self._begin(self._deliver(delivery))
        for timer in timers:
            self._firing += 1
            self._begin(self._fire(timer))
        return len(deliveries) + len(timers)

    async def _deliver(self, delivery: Leased) -> None:
        try:
            await self._settle(delivery, await self._sender.send(delivery))
        finally:
            self._busy[delivery.endpoint] -= 1
            self._busy += Counter()

    async def _settle(self, delivery: Leased, attempt: Attempt) -> None:
        DELIVERIES.labels("delivered" if attempt.succeeded else str(attempt.status or attempt.error)).inc()
        if not attempt.succeeded:
            log.warning("delivery.failed", delivery=str(delivery.id), n=delivery.n, status=attempt.status, error=attempt.error)
        if attempt.succeeded:
            await self._leases.delivered(delivery, attempt)
            DELIVERY_SECONDS.observe((self._clock() - delivery.owed_since).total_seconds())
        elif attempt.status == GONE:
            await asyncio.to_thread(self._does.switch_off, delivery.endpoint)
            await self._leases.failed(delivery, attempt)
        elif delivery.type not in MUST_ARRIVE and delivery.n >= len(LONG_SECONDS):
            await self._leases.failed(delivery, attempt)
        else:
            await self._try_again(delivery, attempt)

    async def _try_again(self, delivery: Leased, attempt: Attempt) -> None:
        now = self._clock()
        scheduled = next_attempt(delivery.tier, delivery.owed_since, delivery.n, now, random.random())  # noqa: S311 - jitter
        due_at = max(scheduled, not_before(delivery.tier, now, attempt.retry_after))
        await self._leases.try_again(delivery, attempt, due_at)

    async def _fire(self, timer: Timer) -> None:
        try:
            await asyncio.to_thread(self._does.fire, timer)
        finally:
            self._firing -= 1

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def _guarded(self, work: Awaitable[None]) -> None:
        """Whatever goes wrong with one, the others go on; its lease ends and it is taken again."""
        try:
            await work
        except Exception as error:
            log.error("dispatcher.failed", error=type(error).__name__)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._wake.set()

    async def _listen(self, connection: psycopg.AsyncConnection[Any]) -> None:
        async for _ in connection.notifies():
            self._wake.set()

    async def _woken(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):  # wait_for swallows a cancellation that comes with the waking
                await self._wake.wait()

    async def _finish(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE_SECONDS)
