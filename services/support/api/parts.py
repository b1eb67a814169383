"""What the routes call, once the store is open."""

import asyncio
from typing import Annotated

from fastapi import Depends

from services.support.application import Command, Support
from shared.http.opening import Opening
from shared.http.parts import StoreParts, parts_of
from shared.http.writes import Writes
from shared.projection.positions import Positions
from shared.store.event_store import EventStore

FOLLOWED = frozenset({"checkins", "support"})
"""Whose positions a read here can wait for."""


class OpenParts(StoreParts[Command]):
    """The application behind the API once its store is open."""

    def __init__(self, store: EventStore, support: Support, writes: Writes[Command], positions: Positions) -> None:
        super().__init__(store, writes)
        self.support = support
        self._positions = positions

    async def stored(self, publisher: str, sequence: int) -> bool:
        """Our own views are written with their events; others' come with the stream."""
        if publisher == "support":
            return await self.has_stored(sequence)
        return await asyncio.to_thread(self._positions.reached, publisher, sequence)


Parts = Opening[OpenParts]


Api = Annotated[OpenParts, Depends(parts_of)]
