"""What the routes call. The store is opened beside the app, so that the crisis page is there when the database isn't."""

from typing import Annotated

from fastapi import Depends

from services.checkins.application import Checkins, Command
from shared.clock import Clock
from shared.http.opening import Opening
from shared.http.parts import StoreParts, parts_of
from shared.http.peers import Peers
from shared.http.writes import Writes
from shared.store.event_store import EventStore

FOLLOWED = frozenset({"checkins"})
"""Whose positions a read here can wait for."""


class OpenParts(StoreParts[Command]):
    """The application behind the API once its store is open."""

    def __init__(self, store: EventStore, checkins: Checkins, writes: Writes[Command], peers: Peers, clock: Clock) -> None:
        super().__init__(store, writes)
        self.peers = peers
        self.checkins = checkins
        self.clock = clock

    async def reached(self, publisher: str, sequence: int) -> bool:
        """Whether this service's views have got there: it reads nobody else's events."""
        return publisher == "checkins" and await self.has_stored(sequence)


Parts = Opening[OpenParts]


Api = Annotated[OpenParts, Depends(parts_of)]
