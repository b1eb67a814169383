"""What the routes call, once the store is open."""

import asyncio
from typing import Annotated

from fastapi import Depends

from services.recognition.application import Command, Recognition
from shared.clock import Clock
from shared.http.opening import Opening
from shared.http.parts import StoreParts, parts_of
from shared.http.writes import Writes
from shared.projection.positions import Positions
from shared.store.event_store import EventStore

FOLLOWED = frozenset({"checkins", "recognition"})
"""Whose positions a read here can wait for."""


class OpenParts(StoreParts[Command]):
    """The application behind the API once its store is open."""

    def __init__(
        self, store: EventStore, recognition: Recognition, writes: Writes[Command], positions: Positions, clock: Clock
    ) -> None:
        super().__init__(store, writes)
        self.recognition = recognition
        self.clock = clock
        self._positions = positions

    async def stored(self, publisher: str, sequence: int) -> bool:
        """Whether the list of kudos has got there: it is written with its events."""
        if publisher != "recognition":
            return await self.folded(publisher, sequence)
        return await self.has_stored(sequence)

    async def folded(self, publisher: str, sequence: int) -> bool:
        """Whether the stream has got there."""
        return await asyncio.to_thread(self._positions.reached, publisher, sequence)


Parts = Opening[OpenParts]


Api = Annotated[OpenParts, Depends(parts_of)]
