"""What a step of an alert leaves beside its events, written in their transaction: its row, its offers, what is owed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from services.alerts.domain.alert import Alert, OfferState
from services.alerts.domain.notices import Notice
from services.alerts.domain.timers import Kind, Timer
from services.alerts.views.schema import WORK
from shared.store.event_store import Write

_PUT_ALERT = """
INSERT INTO alerts (id, member, reporters, tier, state, points, raised_at) VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET state = excluded.state
"""
_PUT_OFFER = """
INSERT INTO offers (alert, supporter, sequence, state, at, accepted_at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (alert, supporter) DO UPDATE SET sequence = excluded.sequence, state = excluded.state, at = excluded.at,
    accepted_at = excluded.accepted_at
"""
_WITHDRAW = """
UPDATE deliveries SET state = 'withdrawn'
WHERE alert = %s AND supporter = ANY(%s) AND state = 'owed' AND type IN ('alert.offered', 'alert.escalated')
"""
_PUT_DELIVERY = """
INSERT INTO deliveries (id, alert, supporter, endpoint, type, tier, sequence, offer, body, owed_since, due_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING
"""
_HELD = """
SELECT o.alert, o.sequence FROM offers o JOIN alerts a ON a.id = o.alert JOIN supporters s ON s.id = o.supporter
WHERE a.member = %s AND a.state NOT IN ('closed', 'cancelled') AND s.member = ANY(%s) AND o.state IN ('open', 'accepted')
"""
_PUT_TIMER = """
INSERT INTO timers (id, alert, kind, sequence, n, due_at) VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING
"""


@dataclass(frozen=True)
class Owed:
    """One webhook that is owed to one endpoint."""

    notice: Notice
    endpoint: UUID
    body: bytes

    def row(self) -> tuple[object, ...]:
        notice, at = self.notice, self.notice.at
        head = (notice.webhook_id(self.endpoint), notice.alert, notice.supporter, self.endpoint)
        offer = notice.offer.sequence if notice.offer else None
        return (*head, notice.type, notice.tier, notice.sequence, offer, self.body, at, at)


def put_alert(alert: Alert) -> Write:
    """The alert and its offers as they are after the step; offers that aren't open any more owe nothing. Of its timers stays
    that somebody may not hear of it: who accepted it at the same time loses it again."""
    about, points = (alert.id, alert.member, list(alert.reporters)), sum(signal.points for signal in alert.signals)
    offers = [(alert.id, offer.supporter, offer.sequence, offer.state, offer.at, offer.accepted_at) for offer in alert.offers]
    answered = [offer.supporter for offer in alert.offers if offer.state is not OfferState.OPEN]

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(_PUT_ALERT, (*about, alert.tier, alert.state, points, alert.raised_at))
        cursor.executemany(_PUT_OFFER, offers)
        if answered:
            cursor.execute(_WITHDRAW, (alert.id, answered))
        if not alert.is_waiting:
            cursor.execute("DELETE FROM timers WHERE alert = %s AND kind <> 'recused'", (alert.id,))

    return write


def owe(deliveries: Sequence[Owed]) -> Write:
    rows = [delivery.row() for delivery in deliveries]

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.executemany(_PUT_DELIVERY, rows)

    return write


def owe_here_too(supporter: UUID, endpoint: UUID, at: datetime) -> Write:
    """A new endpoint gets what the supporter's others still owe of open offers, under webhook ids of its own."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "INSERT INTO deliveries (id, alert, supporter, endpoint, type, tier, sequence, offer, body, owed_since, due_at)"
            " SELECT gen_random_uuid(), alert, supporter, %s, type, tier, sequence, offer, min(body), min(owed_since), %s"
            " FROM deliveries d WHERE supporter = %s AND state = 'owed' AND type = 'alert.offered' AND NOT EXISTS"
            " (SELECT FROM deliveries o WHERE o.alert = d.alert AND o.supporter = d.supporter AND o.type = d.type"
            "  AND o.sequence = d.sequence AND o.state = 'delivered')"
            " GROUP BY alert, supporter, type, tier, sequence, offer",
            (endpoint, at, supporter),
        )

    return write


def set_timers(timers: Sequence[Timer]) -> Write:
    rows = [(timer.id, timer.alert, timer.kind, timer.sequence, timer.n, timer.due_at) for timer in timers]

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.executemany(_PUT_TIMER, rows)

    return write


def reroute_offers_to(supporter: UUID, at: datetime) -> Write:
    """All that are open once the transactions have ended that were making them: run it after `roster.switch_off`."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("SELECT alert, sequence FROM offers WHERE supporter = %s AND state = 'open'", (supporter,))
        set_timers([Timer(row["alert"], Kind.UNREACHABLE, row["sequence"], at) for row in cursor.fetchall()])(cursor)

    return write


def take_from(people: Sequence[UUID], about: UUID, at: datetime) -> Write:
    """What these people hold of the open alerts about a member is looked at at once: they may not hear of them any more."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(_HELD, (about, list(people)))
        set_timers([Timer(row["alert"], Kind.RECUSED, row["sequence"], at) for row in cursor.fetchall()])(cursor)

    return write


def drop_timer(timer: Timer) -> Write:
    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("DELETE FROM timers WHERE id = %s", (timer.id,))

    return write


def look_now(at: datetime) -> Write:
    """Somebody new can be asked: alerts on the outside route are looked at at once."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("UPDATE timers SET due_at = %s WHERE kind = 'look_again' AND due_at > %s", (at, at))

    return write


def wake(cursor: Cursor[DictRow]) -> None:
    """Wakes the dispatcher when this transaction commits."""
    cursor.execute(f"NOTIFY {WORK}".encode())


def is_delivered(cursor: Cursor[DictRow], alert: UUID, sequence: int) -> bool:
    """Whether the offer made at this version of the alert got its 2xx at one endpoint at least."""
    cursor.execute(
        "SELECT FROM deliveries WHERE alert = %s AND sequence = %s AND type = 'alert.offered' AND state = 'delivered'",
        (alert, sequence),
    )
    return cursor.fetchone() is not None


def open_alerts_about(cursor: Cursor[DictRow], members: Sequence[UUID]) -> list[UUID]:
    cursor.execute("SELECT id FROM alerts WHERE member = ANY(%s) AND state NOT IN ('closed', 'cancelled')", (list(members),))
    return [row["id"] for row in cursor]


def known_alerts(cursor: Cursor[DictRow], alerts: Sequence[UUID]) -> set[UUID]:
    """Which of these were raised already."""
    cursor.execute("SELECT id FROM alerts WHERE id = ANY(%s)", (list(alerts),))
    return {row["id"] for row in cursor}
