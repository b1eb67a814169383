"""How far a relay has got, in the service's own database."""

from dataclasses import dataclass

from shared.store.event_store import EventStore

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS relay_position (topic text PRIMARY KEY, position bigint NOT NULL,"
    " resets bigint NOT NULL DEFAULT 0)",
)


class SetBack(Exception):
    """Somebody set the position back since it was read: what was sent from there on is to be sent again."""


@dataclass(frozen=True)
class Place:
    """A position, and how often it was set back: the same position after a reset is another place."""

    position: int = 0
    resets: int = 0


class RelayPosition:
    """The notification id up to which everything is acknowledged by Kafka, as this object has last read or moved it."""

    def __init__(self, store: EventStore, topic: str) -> None:
        self._store = store
        self._topic = topic
        self._known = Place()

    def get(self) -> int:
        with self._store.statement() as cursor:
            cursor.execute("SELECT position, resets FROM relay_position WHERE topic = %s", (self._topic,))
            row = cursor.fetchone()
        self._known = Place(**row) if row else Place()
        return self._known.position

    def move(self, position: int) -> None:
        """Moves from what was last read. Raises SetBack, and moves nothing, where it is no longer that."""
        with self._store.statement() as cursor:
            cursor.execute(
                "INSERT INTO relay_position AS stored (topic, position) VALUES (%s, %s) ON CONFLICT (topic) DO UPDATE"
                " SET position = excluded.position WHERE stored.position = %s AND stored.resets = %s RETURNING 1",
                (self._topic, position, self._known.position, self._known.resets),
            )
            if cursor.fetchone() is None:
                raise SetBack(f"{self._topic} is no longer at {self._known.position}")
        self._known = Place(position, self._known.resets)

    def set_back(self, position: int) -> None:
        """To this position, or where it is if that is before it. No batch under way can move it on from where it was."""
        with self._store.statement() as cursor:
            cursor.execute(
                "INSERT INTO relay_position AS stored (topic, position, resets) VALUES (%s, 0, 1) ON CONFLICT (topic) DO UPDATE"
                " SET position = least(stored.position, %s), resets = stored.resets + 1",
                (self._topic, position),
            )
