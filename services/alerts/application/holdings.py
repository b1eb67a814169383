"""Everything that alerts holds about a member, for that member."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from services.alerts.application.reading import Reader, Reading
from services.alerts.domain.detection.days import ITEMS
from services.alerts.domain.detection.history import History
from services.alerts.domain.members import NO_HISTORY, Member
from services.alerts.views import holding_rows, member_rows, reading_rows, roster, wish_rows
from shared.errors import unknown
from shared.store.event_store import EventStore
from shared.store.sealing import place, unseal

LONGEST_LOG = 100_000
"""Lines of who was told, in an export."""


@dataclass(frozen=True)
class Holdings:
    """`key` opens the endpoints' addresses."""

    store: EventStore
    reading: Reading
    key: bytes

    def __call__(self, member: UUID) -> dict[str, Any]:
        """As the member may see it: of alerts about them what comes of these, of others' alerts only that they were asked; of
        conflicts those that they declared, and never who blocks or vetoes them.

        Raises a 404 Problem for who was erased.
        """
        with self.store.transaction() as cursor:
            seen = member_rows.load(cursor, [member])[member]
            if seen.erased:
                raise unknown("member")
            about = holding_rows.alerts_about(cursor, member)
            accesses = reading_rows.accesses_to(cursor, member, LONGEST_LOG, None)
            supporter = self._as_supporter(cursor, member)
            wishes = wish_rows.said_by(cursor, member)
        reader = Reader(member=member)
        return {
            "member": kept_of(seen) if seen.known else None,
            "alerts_about_you": [self.reading.alert(alert, reader) for alert in about],
            "accesses": list(accesses),
            "as_supporter": supporter,
            **wishes,
        }

    def _as_supporter(self, cursor: Cursor[DictRow], member: UUID) -> dict[str, Any] | None:
        supporter = roster.supporter_of(cursor, member)
        return holding_rows.supporter(cursor, supporter, self._address) if supporter else None

    def _address(self, endpoint: UUID, sealed: bytes) -> str:
        return unseal(self.key, sealed, place("alerts", endpoint, 1, "url")).decode()


def kept_of(member: Member) -> dict[str, Any]:
    """The view's row in words. Who is worried about them isn't told, only when that was said."""
    kept: dict[str, Any] = msgspec.to_builtins(replace(member, history=NO_HISTORY, reports=()))
    return kept | {"history": _history(member.history), "reports": [report.at for report in member.reports]}


def _history(history: History) -> dict[str, Any]:
    """The days that were kept, what is taken for usual, and since when they have been lower than that."""
    days = [dict(zip(("date", *ITEMS), (_date(day.date), *day.said), strict=True)) for day in history.days]
    usual = history.baseline and dict(zip(ITEMS, history.baseline.said, strict=True))
    return {"days": days, "usual": usual, "lower_since": _date(history.now.alarm_since), "called_on": _date(history.called_on)}


def _date(ordinal: int | None) -> str | None:
    return None if ordinal is None else date.fromordinal(ordinal).isoformat()
