"""How far a relay has got, in the service's own database, with the chain that it makes on its way."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.store import chain
from shared.store.chain import Link
from shared.store.event_store import Conflict, EventStore

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS relay_position (topic text PRIMARY KEY, position bigint NOT NULL,"
    " resets bigint NOT NULL DEFAULT 0, chained boolean NOT NULL DEFAULT false)",
    # a store from before; asked first, since ALTER TABLE would wait, and the relay behind it, for a backup that is being made
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'relay_position'::regclass AND attname = 'chained')"
    " THEN ALTER TABLE relay_position ADD COLUMN chained boolean NOT NULL DEFAULT false; END IF; END $$",
    *chain.SCHEMA,
)
"""`chained` once a batch's links were stored with its position: from then on every event up to the position has a link. Until
then a store from before is being chained in steps."""

MOVE = (
    b"WITH moved AS ("
    b"INSERT INTO relay_position AS stored (topic, position, chained) VALUES (%s, %s, %s) ON CONFLICT (topic) DO UPDATE"
    b" SET position = excluded.position, chained = stored.chained OR excluded.chained"
    b" WHERE stored.position = %s AND stored.resets = %s RETURNING 1),"
    b" linked AS (INSERT INTO chain SELECT * FROM unnest(%b::bigint[], %b::bytea[]) WHERE EXISTS (SELECT FROM moved))"
    b" SELECT FROM moved"
)
"""Both or neither, in one statement: it is one commit and one answer to wait for."""


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

    def move(self, position: int, links: Sequence[Link] = ()) -> None:
        """Moves from what was last read, and stores what was chained on the way. Raises SetBack, and does neither, where it is
        no longer that or another one has chained it."""
        known, sequences, hashes = self._known, [link.sequence for link in links], [link.hash for link in links]
        try:
            with self._store.statement() as cursor:
                values = (self._topic, position, bool(links), known.position, known.resets, sequences, hashes)
                cursor.execute(MOVE, values, prepare=True)
                if cursor.fetchone() is None:
                    raise SetBack(f"{self._topic} is no longer at {known.position}")
        except Conflict as conflict:
            raise SetBack(f"{self._topic} was chained by another") from conflict
        self._known = Place(position, known.resets)

    def set_back(self, position: int) -> None:
        """To this position, or where it is if that is before it. No batch under way can move it on from where it was."""
        with self._store.statement() as cursor:
            cursor.execute(
                "INSERT INTO relay_position AS stored (topic, position, resets) VALUES (%s, 0, 1) ON CONFLICT (topic) DO UPDATE"
                " SET position = least(stored.position, %s), resets = stored.resets + 1",
                (self._topic, position),
            )
