"""What was erased since a backup was made is erased again by every process that starts on it, before it tells of anybody."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from shared.errors import Problem

log = structlog.get_logger()

TRY_AGAIN_SECONDS = 1.0
WAITS_SECONDS = 2.0
"""For the broker, at a start, before what doesn't need it goes on without."""


class Reapplying:
    """`once` reads Kafka and applies what it finds; it is tried until it has succeeded, once for each process."""

    def __init__(self, once: Callable[[], Awaitable[None]]) -> None:
        self._once = once
        self._is_done = False
        self._tried = asyncio.Event()

    async def run(self) -> None:
        """Returns when nothing is missed any more."""
        while not self._is_done:
            try:
                await self._once()
            except Exception as error:
                log.warning("erasures.not_read", error=type(error).__name__)
                self._tried.set()
                await asyncio.sleep(TRY_AGAIN_SECONDS)
            else:
                self._is_done = True
            self._tried.set()

    async def begin(self, seconds: float = WAITS_SECONDS) -> "asyncio.Task[None]":
        """Runs, and returns when it was tried once or so much time is over; it goes on by itself."""
        running = asyncio.create_task(self.run())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._tried.wait()
        return running

    def require_done(self) -> None:
        """Raises a 503 Problem: somebody who was erased could still be told of."""
        if not self._is_done:
            detail = "Erasures since the last backup aren't known yet; try again."
            raise Problem(503, "not-ready", detail, headers={"Retry-After": "1"})
