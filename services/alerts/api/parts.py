"""What the routes call."""

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends

from services.alerts.application.commands import Command
from services.alerts.application.owing import Owing
from services.alerts.application.reading import Reading
from services.alerts.domain.claims import ClaimLinks
from shared.http.opening import Opening
from shared.http.parts import StoreParts, parts_of
from shared.http.reading import wait_until
from shared.http.writes import Writes
from shared.store.event_store import EventStore

FOLLOWED = frozenset({"alerts", "checkins"})
"""Whose positions a read here can wait for."""


class OpenParts(StoreParts[Command]):
    """The application behind the API once its store is open. `has_read`: whether the stream has taken a publisher's
    sequence."""

    def __init__(
        self,
        store: EventStore,
        writes: Writes[Command],
        reading: Reading,
        owing: Owing,
        links: ClaimLinks,
        has_read: Callable[[str, int], bool],
    ) -> None:
        super().__init__(store, writes)
        self.reading = reading
        self.owing = owing
        self.links = links
        self._has_read = has_read

    async def wait_for(self, at_least: str | None) -> None:
        """Raises a 504 Problem where the views don't get there in time."""
        await wait_until(at_least, self._reached, FOLLOWED)

    async def _reached(self, publisher: str, sequence: int) -> bool:
        """Our own views are written with their events; others' come with the stream."""
        if publisher == self.store.service:
            return await self.has_stored(sequence)
        return await asyncio.to_thread(self._has_read, publisher, sequence)


Parts = Opening[OpenParts]


Api = Annotated[OpenParts, Depends(parts_of)]
