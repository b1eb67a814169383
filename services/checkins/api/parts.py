"""What the routes call. The store is opened beside the app, so that the crisis page is there when the database isn't."""

from typing import Annotated

from fastapi import Depends, Request

from services.checkins.application import Checkins, Command
from shared.clock import Clock
from shared.http.opening import Opening
from shared.http.writes import Writes
from shared.store.event_store import EventStore


class OpenParts:
    """The application behind the API once its store is open."""

    def __init__(self, store: EventStore, checkins: Checkins, writes: Writes[Command], clock: Clock) -> None:
        self.store = store
        self.checkins = checkins
        self.writes = writes
        self.clock = clock

    def check(self) -> None:
        """Raises where the database can't be reached."""
        with self.store.transaction() as cursor:
            cursor.execute("SELECT 1")

    def close(self) -> None:
        self.writes.close()
        self.store.close()

    def reached(self, publisher: str, sequence: int) -> bool:
        """Whether this service's own views have got there: they are written with their events."""
        return publisher == "checkins" and sequence <= (self.store.postgres.max_notification_id() or 0)


Parts = Opening[OpenParts]


def parts_of(request: Request) -> OpenParts:
    """The open parts. Raises a 503 Problem while the store isn't open yet."""
    parts: Parts = request.app.state.parts
    return parts.get()


Api = Annotated[OpenParts, Depends(parts_of)]
