"""How far a relay has got, in the service's own database."""

from shared.store.event_store import EventStore

SCHEMA = ("CREATE TABLE IF NOT EXISTS relay_position (topic text PRIMARY KEY, position bigint NOT NULL)",)


class RelayPosition:
    """The notification id up to which everything is acknowledged by Kafka. It only rises."""

    def __init__(self, store: EventStore, topic: str) -> None:
        self._store = store
        self._topic = topic

    def get(self) -> int:
        with self._store.transaction() as cursor:
            cursor.execute("SELECT position FROM relay_position WHERE topic = %s", (self._topic,))
            row = cursor.fetchone()
            return int(row["position"]) if row else 0

    def move(self, position: int) -> None:
        with self._store.transaction() as cursor:
            cursor.execute(
                "INSERT INTO relay_position VALUES (%s, %s) ON CONFLICT (topic) DO UPDATE"
                " SET position = greatest(relay_position.position, excluded.position)",
                (self._topic, position),
            )
