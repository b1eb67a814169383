"""What every API calls, once its store is open."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Request

from shared.errors import Problem
from shared.http.writes import Writes
from shared.projection.ops import Ops
from shared.store.api_keys import KeyRing
from shared.store.event_store import EventStore
from shared.store.reapplying import Reapplying

C = TypeVar("C")
Holdings = Callable[[UUID], dict[str, Any]]
"""Everything that a service holds about one member."""


class StoreParts(Generic[C]):
    """A service's store and the way by which its commands are stored; a service adds its use cases."""

    def __init__(self, store: EventStore, writes: Writes[C]) -> None:
        self.store = store
        self.writes = writes
        self.ops: Ops | None = None
        self.holdings: Holdings | None = None
        self.api_keys = KeyRing(store)
        self.reapplying: Reapplying | None = None
        """None where there is no Kafka to have missed anything of."""
        self._missed: asyncio.Task[None] | None = None

    @property
    def required_ops(self) -> Ops:
        """Raises a 503 Problem where this service was opened without its views."""
        if self.ops is None:
            raise Problem(503, "not-ready", "The views aren't open.", headers={"Retry-After": "1"})
        return self.ops

    @property
    def required_holdings(self) -> Holdings:
        """Raises a 503 Problem where this service was opened without it."""
        if self.holdings is None:
            raise Problem(503, "not-ready", "What is held isn't open.", headers={"Retry-After": "1"})
        return self.holdings

    async def prepare(self) -> None:
        """Before the first request: what a restored backup has missed is looked for, as long as the broker may take."""
        if self.reapplying:
            self._missed = await self.reapplying.begin()

    def check(self) -> None:
        """Raises where the database can't be reached."""
        with self.store.transaction() as cursor:
            cursor.execute("SELECT 1")

    def close(self) -> None:
        self.writes.close()
        self.store.close()

    async def has_stored(self, sequence: int) -> bool:
        """Whether this service's own log has got there, and with it the views that are written with their events."""
        return sequence <= (await asyncio.to_thread(self.store.postgres.max_notification_id) or 0)


async def parts_of(request: Request) -> Any:
    """The app's open parts, of whatever service: a route says of which kind they are. Raises a 503 Problem while the store
    isn't open yet. Not async, FastAPI would take a thread for it."""
    return request.app.state.parts.get()


AnyParts = Annotated[StoreParts[Any], Depends(parts_of)]
"""For the routes that every service has."""
