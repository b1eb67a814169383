"""What is owed to whom, as ops sees it: every delivery with every attempt, and trying again by hand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from services.alerts.views import alert_rows, delivery_rows
from shared.clock import Clock
from shared.errors import unknown, wrong_state
from shared.store.event_store import EventStore
from shared.store.group_commit import Decision

RETRIABLE = frozenset({"owed", "failed"})


@dataclass(frozen=True)
class RetryDelivery:
    delivery: UUID


@dataclass(frozen=True)
class Owing:
    store: EventStore
    clock: Clock

    def retry(self, command: RetryDelivery) -> Decision[Any]:
        """Due now. Raises a 404 Problem for an unknown delivery, a 409 for one that isn't owed any more."""
        with self.store.transaction() as cursor:
            delivery = delivery_rows.find(cursor, command.delivery)
        if delivery is None:
            raise unknown("delivery")
        if delivery["state"] not in RETRIABLE:
            raise wrong_state(f"The delivery is {delivery['state']}.")
        if not delivery["active"]:
            raise wrong_state("The delivery's endpoint is switched off.")
        writes = (delivery_rows.due_now(command.delivery, self.clock()), alert_rows.wake)
        return Decision({"id": command.delivery, "state": "owed"}, writes=writes)

    def deliveries(self, alert: UUID | None, limit: int, after: tuple[datetime, UUID] | None) -> list[dict[str, Any]]:
        """Deliveries with their attempts, oldest first; one more than `limit` where there are more."""
        with self.store.transaction() as cursor:
            found = delivery_rows.page(cursor, alert, limit + 1, after)
            return self._with_attempts(cursor, found)

    def _with_attempts(self, cursor: Cursor[DictRow], found: list[DictRow]) -> list[dict[str, Any]]:
        attempts = delivery_rows.attempts(cursor, [row["id"] for row in found])
        return [{**row, "attempts": attempts.get(row["id"], [])} for row in found]
