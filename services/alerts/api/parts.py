"""What the routes call."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from services.alerts.application.commands import Command
from services.alerts.application.owing import Owing
from services.alerts.application.reading import Reading
from services.alerts.domain.claims import ClaimLinks
from shared.http.opening import Opening
from shared.http.reading import wait_until
from shared.http.writes import Writes
from shared.store.event_store import EventStore


@dataclass(frozen=True)
class OpenParts:
    """The application behind the API once its store is open. `has_read`: whether the stream has taken a publisher's
    sequence."""

    store: EventStore
    writes: Writes[Command]
    reading: Reading
    owing: Owing
    links: ClaimLinks
    has_read: Callable[[str, int], bool]

    def check(self) -> None:
        """Raises where the database can't be reached."""
        with self.store.transaction() as cursor:
            cursor.execute("SELECT 1")

    def close(self) -> None:
        self.writes.close()
        self.store.close()

    async def wait_for(self, at_least: str | None) -> None:
        """Raises a 504 Problem where the views don't get there in time."""
        await wait_until(at_least, lambda publisher, sequence: asyncio.to_thread(self._reached, publisher, sequence))

    def _reached(self, publisher: str, sequence: int) -> bool:
        """Our own views are written with their events; others' come with the stream."""
        if publisher == self.store.service:
            return sequence <= (self.store.postgres.max_notification_id() or 0)
        return self.has_read(publisher, sequence)


Parts = Opening[OpenParts]


def parts_of(request: Request) -> OpenParts:
    """The open parts. Raises a 503 Problem while the store isn't open yet."""
    parts: Parts = request.app.state.parts
    return parts.get()


Api = Annotated[OpenParts, Depends(parts_of)]
