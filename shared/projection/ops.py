"""What ops sees and does about a reader's views: where they are, what is parked, and replays. Nothing personal is in it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from shared.clock import Clock
from shared.errors import invalid, unknown, wrong_state
from shared.projection.bounds import WrongBound, publisher_of, span
from shared.projection.replays import Ask, Replays
from shared.projection.view import View
from shared.store.event_store import EventStore

_VIEWS = """
SELECT g.view, g.version, g.live AS generation, r.id AS replay,
       coalesce(max(p.sequence), 0) AS sequence, coalesce(sum(greatest(p.end_offset - p.next_offset, 0)), 0)::bigint AS lag
FROM view_generations g
LEFT JOIN reader_positions p ON p.reader = g.reader AND p.topic = %(topics)s::jsonb ->> g.view
LEFT JOIN replays r ON r.view = g.view AND r.target = 'shadow' AND r.state IN ('queued', 'building', 'following', 'paused')
WHERE g.reader = %(reader)s GROUP BY g.view, g.version, g.live, r.id ORDER BY g.view
"""
_PARKED = """
SELECT p.id, p.topic, p.partition, p.record_offset AS offset, p.sequence, p.event_id, p.type, p.error, p.fingerprint,
       p.attempts, p.parked_at, p.retry_at, p.dropped_by, p.dropped_at,
       (SELECT count(*) FROM parked b WHERE b.reader = p.reader AND b.topic = p.topic AND b.partition = p.partition
        AND b.subject = p.subject AND b.id > p.id AND b.dropped_at IS NULL) AS waiting
FROM parked p WHERE p.reader = %s AND p.error IS NOT NULL AND p.id > %s ORDER BY p.id LIMIT %s
"""
_GROUPS = """
SELECT fingerprint, error, type, count(*) AS events, min(parked_at) AS since FROM parked
WHERE reader = %s AND error IS NOT NULL AND dropped_at IS NULL GROUP BY fingerprint, error, type ORDER BY events DESC
"""
_DROP = "UPDATE parked SET dropped_by = %s, dropped_at = %s WHERE id = %s AND dropped_at IS NULL"
_NEXT_IS_DUE = """
UPDATE parked SET retry_at = %s WHERE id = (SELECT n.id FROM parked n JOIN parked d ON d.id = %s AND n.reader = d.reader
    AND n.topic = d.topic AND n.partition = d.partition AND n.subject = d.subject WHERE n.dropped_at IS NULL
    ORDER BY n.id LIMIT 1)
"""


class Ops:
    """Over one reader."""

    def __init__(self, store: EventStore, reader: str, views: Sequence[View[Any]], clock: Clock) -> None:
        self._store = store
        self._reader = reader
        self._topics = {view.name: view.topic for view in views}
        self._clock = clock
        self.replays = Replays(store, reader, clock)

    def views(self) -> list[dict[str, Any]]:
        """Each view's position and lag (records, at most a second old where the role `replays` runs), its version, and the
        replay that builds it."""
        with self._store.transaction() as cursor:
            cursor.execute(_VIEWS, {"reader": self._reader, "topics": Jsonb(self._topics)})
            return [self._view(row) for row in cursor]

    def _view(self, row: DictRow) -> dict[str, Any]:
        return {**row, "position": f"{publisher_of(self._topics[row['view']])}:{row.pop('sequence')}"}

    def start(self, ask: Ask) -> UUID:
        """Raises a 404 Problem for an unknown view, a 422 for bounds that aren't of its publisher, a 409 where it is being
        built."""
        try:
            span(ask.asked, publisher_of(self._topics.get(ask.view, "")))
        except WrongBound as wrong:
            raise invalid(f"/{wrong.name}", str(wrong)) from None
        return self.replays.start(ask)

    def parked(self, limit: int, after: int | None) -> list[DictRow]:
        """Events that failed, oldest first, with how many wait behind each; one more than `limit` where there are more."""
        with self._store.transaction() as cursor:
            cursor.execute(_PARKED, (self._reader, after or 0, limit + 1))
            return cursor.fetchall()

    def groups(self) -> list[DictRow]:
        """What is parked by the fingerprint of its error."""
        with self._store.transaction() as cursor:
            cursor.execute(_GROUPS, (self._reader,))
            return cursor.fetchall()

    def retry(self, id_: int) -> dict[str, Any]:
        """Due now; its worker folds it within seconds. Raises a 404 or 409 Problem."""
        self._require_parked(id_)
        with self._store.transaction() as cursor:
            cursor.execute("UPDATE parked SET retry_at = %s WHERE id = %s", (self._clock(), id_))
        return {"id": id_, "state": "due"}

    def drop(self, id_: int, by: str) -> dict[str, Any]:
        """Never to be folded, in no replay either; what waits behind it goes on. Raises a 404 or 409 Problem."""
        self._require_parked(id_)
        with self._store.transaction() as cursor:
            cursor.execute(_DROP, (by, self._clock(), id_))
            if cursor.rowcount == 0:
                raise wrong_state("Somebody else dropped it, or it was folded, in this moment.")
            cursor.execute(_NEXT_IS_DUE, (self._clock(), id_))
        return {"id": id_, "state": "dropped", "dropped_by": by}

    def _require_parked(self, id_: int) -> None:
        with self._store.transaction() as cursor:
            cursor.execute("SELECT dropped_at, error FROM parked WHERE id = %s AND reader = %s", (id_, self._reader))
            row = cursor.fetchone()
        if row is None:
            raise unknown("parked-event")
        if row["dropped_at"] or row["error"] is None:
            raise wrong_state("It is dropped already." if row["dropped_at"] else "It waits behind another of its subject.")
