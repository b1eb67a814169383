"""Parts that take a database to open: tried until they are there, while what needs none is served already."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

from shared.errors import Problem
from shared.observability import reason

T = TypeVar("T")
TRY_AGAIN_SECONDS = 0.5

log = structlog.get_logger()


async def _nothing(_: object) -> None:
    return


class Opening(Generic[T]):
    """Opens `T` in a thread, again and again until it succeeds."""

    def __init__(
        self, opened: Callable[[], T], check: Callable[[T], None], prepare: Callable[[T], Awaitable[None]] | None = None
    ) -> None:
        self._open = opened
        self._prepare = prepare or _nothing
        self._check = check
        self._parts: T | None = None

    async def run(self) -> None:
        """Returns when the parts are open. They are given to nobody before they are prepared."""
        while self._parts is None:
            try:
                opened = await asyncio.to_thread(self._open)
                await self._prepare(opened)
                self._parts = opened
            except Exception as error:
                log.warning("store.not_open", error=type(error).__name__, because=reason(error))
                await asyncio.sleep(TRY_AGAIN_SECONDS)

    def get(self) -> T:
        """Raises a 503 Problem while the parts aren't open."""
        if self._parts is None:
            raise Problem(503, "not-ready", "The store isn't open yet; try again.", headers={"Retry-After": "1"})
        return self._parts

    async def ready(self) -> None:
        """Raises when the parts aren't open, or what they need can't be reached."""
        await asyncio.to_thread(self._check, self.get())
