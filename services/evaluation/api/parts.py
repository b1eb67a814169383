"""What the routes call, once the store is open."""

import asyncio
import hmac
from typing import Annotated

from fastapi import Depends

from services.evaluation.application import Command, Readings
from shared.http.opening import Opening
from shared.http.parts import StoreParts, parts_of
from shared.http.writes import Writes
from shared.projection.positions import Positions
from shared.store.event_store import EventStore

FOLLOWED = frozenset({"checkins", "evaluation"})
"""Whose positions a read here can wait for."""


class OpenParts(StoreParts[Command]):
    """The application behind the API once its store is open."""

    def __init__(
        self, store: EventStore, readings: Readings, writes: Writes[Command], positions: Positions, draws_key: bytes
    ) -> None:
        super().__init__(store, writes)
        self.readings = readings
        self._positions = positions
        self._draws_key = draws_key

    def secret_of(self, idempotency_key: str) -> bytes:
        """The key under which a drawn token is kept for a retry: it takes ours and the caller's own to make it."""
        return hmac.digest(self._draws_key, idempotency_key.encode(), "sha256")

    async def folded(self, publisher: str, sequence: int) -> bool:
        """Whether the stream has got there."""
        return await asyncio.to_thread(self._positions.reached, publisher, sequence)


Parts = Opening[OpenParts]


Api = Annotated[OpenParts, Depends(parts_of)]
