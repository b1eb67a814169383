"""What is read of alerts: by whom was decided before, except for the identity, which only who accepted is told."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from services.alerts.domain.alert import Alert, Offer, OfferState, replay
from services.alerts.domain.eligibility import Pool, recused, stands_in_the_way
from services.alerts.domain.events import AlertEvent, DangerDecided, Declined, Offered, Postponed, Withdrawn
from services.alerts.views import member_rows, reading_rows, roster, wish_rows
from shared.clock import Clock
from shared.errors import forbidden, unknown
from shared.store.event_store import EventStore
from shared.store.events import PrivateEvent

SHOWN = ("supporter", "expires_at", "step", "consent", "by", "ground")
"""Fields of the private events that a timeline tells."""

WORD = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True)
class Reader:
    """Who reads: a supporter, a member, or somebody whose work needs every alert and nobody's identity."""

    supporter: UUID | None = None
    member: UUID | None = None
    sees_all: bool = False


@dataclass(frozen=True)
class Reading:
    store: EventStore
    clock: Clock

    def supporter_of(self, member: UUID | None) -> UUID | None:
        """The supporter that this member is, if they are one. Raises a 404 Problem for who was erased."""
        if member is None:
            return None
        with self.store.transaction() as cursor:
            if member_rows.load(cursor, [member])[member].erased:
                raise unknown("member")
            return roster.supporter_of(cursor, member)

    def is_supporter(self, supporter: UUID) -> bool:
        """Whether it is one still: who was erased is none, whatever link they hold."""
        with self.store.transaction() as cursor:
            return roster.member_of(cursor, supporter) is not None

    def alert(self, alert: UUID, reader: Reader) -> dict[str, Any]:
        """Raises a 404 Problem for an unknown alert and one that the reader must not hear of, a 403 for one that isn't theirs.

        The supporter who accepted is told whom it is about, and that they were is written down first.
        """
        found, events = self._found(alert, reader)
        shown = _shown(found, [event for event in events if isinstance(event, AlertEvent) and _may_see(reader, found, event)])
        if _was_withdrawn_from(found, reader):
            return {**shown, "signals": []}
        if reader.supporter is None or found.accepted_by != reader.supporter:
            return shown
        with self.store.transaction() as cursor:
            pool = roster.pool(cursor, [found.member], self.clock())
            if not (_is_told(pool, found, reader.supporter) and reading_rows.has_it(cursor, alert, reader.supporter)):
                return shown
            person = roster.member_of(cursor, reader.supporter)
            if person is None:
                return shown
            access = reading_rows.Access(alert, found.member, person, reading_rows.IDENTITY, self.clock())
            reading_rows.log_access(cursor, access)
        return {**shown, "member": found.member}

    def accesses(self, member: UUID, limit: int, before: int | None) -> list[DictRow]:
        """Who was told that an alert is about this member, newest first; one more than `limit` where there are more."""
        with self.store.transaction() as cursor:
            return reading_rows.accesses_to(cursor, member, limit + 1, before)

    def offer(self, alert: UUID, reader: Reader) -> tuple[Alert, Offer | None]:
        """The alert and what the reader was asked, for the claim link's page. Raises as `alert` does."""
        found, _ = self._found(alert, reader)
        return found, found.offer_to(reader.supporter) if reader.supporter else None

    def _found(self, alert: UUID, reader: Reader) -> tuple[Alert, list[PrivateEvent]]:
        events = list(self.store.load(alert))
        found = replay(events)
        if found is None:
            raise unknown("alert")
        _require_part(found, reader)
        if reader.sees_all and reader.member not in (None, found.member) and not _is_asked(found, reader):
            self._require_not_in_the_way(found, reader.member)
        return found, events

    def _require_not_in_the_way(self, alert: Alert, person: UUID | None) -> None:
        """Who reported it, or is of the management chain, would know whose alert it is by its being kept from them."""
        if person is None:
            return
        with self.store.transaction() as cursor:
            pool = _known_of(cursor, [alert.member], person)
        if stands_in_the_way(pool, alert, person):
            raise unknown("alert")

    def alerts(self, reader: Reader, limit: int, after: tuple[datetime, UUID] | None) -> list[dict[str, Any]]:
        """The alerts that the reader has a part in, newest first; one more than `limit` where there are more. Who sees all is
        shown none that they must not hear of."""
        with self.store.transaction() as cursor:
            if reader.sees_all:
                return list(islice(self._heard_of(cursor, reader, limit + 1, after), limit + 1))
            return list(reading_rows.alerts_with(cursor, reader.supporter, reader.member, limit + 1, after))

    def _heard_of(
        self, cursor: Cursor[DictRow], reader: Reader, at_once: int, after: tuple[datetime, UUID] | None
    ) -> Iterator[DictRow]:
        count = at_once
        while count == at_once:
            rows = reading_rows.all_alerts(cursor, reader.supporter, reader.member, at_once, after)
            count, after = len(rows), rows[-1].place if rows else None
            pool = _known_of(cursor, [row.member for row in rows], reader.member) if reader.member else Pool()
            for row in rows:
                if reader.member is None or row.has_part or not stands_in_the_way(pool, row, reader.member):
                    yield row.shown


def _known_of(cursor: Cursor[DictRow], members: Sequence[UUID], reader: UUID) -> Pool:
    """What decides whether this reader may hear of these members' alerts."""
    return Pool((), member_rows.load_chains(cursor, {reader, *members}), wish_rows.wishes(cursor, members))


def _require_part(alert: Alert, reader: Reader) -> None:
    if not (reader.sees_all or _is_asked(alert, reader) or reader.member == alert.member):
        raise forbidden("This alert was never offered to the caller.")


def _is_asked(alert: Alert, reader: Reader) -> bool:
    return reader.supporter is not None and alert.offer_to(reader.supporter) is not None


def _was_withdrawn_from(alert: Alert, reader: Reader) -> bool:
    """How somebody is, is for who is asked, not for who was."""
    offer = alert.offer_to(reader.supporter) if reader.supporter else None
    return offer is not None and offer.state is OfferState.WITHDRAWN and not reader.sees_all and reader.member != alert.member


def _is_told(pool: Pool, alert: Alert, supporter: UUID) -> bool:
    """Whom it is about, while they have it; afterwards only as long as the member still agrees to contact."""
    return not recused(pool, alert, supporter) and (not alert.has_ended or pool.members[alert.member].contact)


def _may_see(reader: Reader, alert: Alert, event: AlertEvent) -> bool:
    """Who declined or wasn't free is nobody's business but theirs; the member sees what comes of it, not who was asked.

    Who decided about danger is for the member, and for those who see every alert.
    """
    if isinstance(event, DangerDecided):
        return reader.sees_all or reader.member == alert.member
    if reader.sees_all or not isinstance(event, Offered | Declined | Postponed | Withdrawn):
        return True
    return event.supporter == reader.supporter and reader.member != alert.member


def _shown(alert: Alert, events: Sequence[AlertEvent]) -> dict[str, Any]:
    return {
        "id": alert.id,
        "tier": alert.tier,
        "state": alert.state,
        "points": sum(signal.points for signal in alert.signals),
        "signals": msgspec.to_builtins(alert.signals),
        "raised_at": alert.raised_at,
        "timeline": [_entry(event) for event in events],
    }


def _entry(event: AlertEvent) -> dict[str, Any]:
    """What happened and when. Supporters are shown by their opaque id, since ops has to see who was asked."""
    name = WORD.sub("_", type(event).__name__).lower()
    entry = {"event": name, "at": event.at, "sequence": event.originator_version}
    more = {field: getattr(event, field) for field in SHOWN if hasattr(event, field)}
    return {**entry, **more}
