"""The life of alerts: the supporter's and the member's steps, and the timers that are due."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.alerts.application.outcomes import Outcomes
from services.alerts.domain import steps
from services.alerts.domain.alert import Alert, after, replay
from services.alerts.domain.consent import decide_danger, require_no_danger
from services.alerts.domain.eligibility import Pool, eligible, is_recused, recused, stands_in_the_way
from services.alerts.domain.events import Ground
from services.alerts.domain.firing import fire, looks_go_on
from services.alerts.domain.steps import Events
from services.alerts.domain.timers import Timer, next_look
from services.alerts.views import alert_rows, reading_rows, roster
from shared.clock import Clock
from shared.errors import forbidden, unknown, wrong_state
from shared.store.event_store import Conflict, EventStore, Write
from shared.store.group_commit import Decision

ATTEMPTS = 5
"""How often a timer that conflicts with somebody's step is decided again; then its lease ends and it is taken anew."""


@dataclass(frozen=True)
class TakeStep:
    """A supporter's step: accept, decline, later, contact or close. Without a supporter: a clinical lead's or an admin's close,
    `by` whom.

    `sequence` is the claim link's: it answers the offer with which it came, and no later one.
    """

    alert: UUID
    step: str
    supporter: UUID | None
    sequence: int | None = None
    by: UUID | None = None


@dataclass(frozen=True)
class CancelAlert:
    """The member's own."""

    alert: UUID
    member: UUID | None


@dataclass(frozen=True)
class DecideDanger:
    """A clinical lead's, by their own member id."""

    alert: UUID
    by: UUID
    ground: Ground


@dataclass(frozen=True)
class Alerts:
    """The use cases of alerts over one event store."""

    store: EventStore
    outcomes: Outcomes
    clock: Clock

    def load(self, alert: UUID) -> Alert:
        """Raises a 404 Problem for an alert that was never raised."""
        loaded = replay(self.store.load(alert))
        if loaded is None:
            raise unknown("alert")
        return loaded

    def take(self, command: TakeStep) -> Decision[Any]:
        alert, at = self.load(command.alert), self.clock()
        pool = self._pool(alert, at, *([command.by] if command.by else []))
        _require_this_offer(alert, command)
        if command.supporter is None:
            if command.by:
                _require_not_in_the_way(pool, alert, command.by)
            return self._decision(alert, steps.close(alert, None, at), pool)
        if alert.offer_to(command.supporter) is None and recused(pool, alert, command.supporter):
            raise unknown("alert")
        return self._decision(alert, supporters_step(alert, command.step, command.supporter, pool, at), pool)

    def cancel(self, command: CancelAlert) -> Decision[Any]:
        alert, at = self.load(command.alert), self.clock()
        if command.member != alert.member:
            raise forbidden("Only the member whom an alert is about can cancel it.")
        require_no_danger(alert)
        return self._decision(alert, steps.cancel(alert, at), self._pool(alert, at))

    def decide_danger(self, command: DecideDanger) -> Decision[Any]:
        """Raises a 404 Problem for who is recused, as if there were no such alert, a 403 for the member and who isn't known.
        That it was decided, and by whom, is written down for the member."""
        alert, at = self.load(command.alert), self.clock()
        pool = self._pool(alert, at, command.by)
        _require_not_in_the_way(pool, alert, command.by)
        if is_recused(pool, alert, command.by):
            raise forbidden("This decision isn't the caller's to take.")
        events = decide_danger(alert, command.by, command.ground, eligible(pool, alert, at), at)
        decision = self._decision(alert, events, pool)
        access = reading_rows.Access(alert.id, alert.member, command.by, reading_rows.DANGER, at)
        return replace(decision, writes=(*decision.writes, reading_rows.logged(access)))

    def fire(self, timer: Timer) -> None:
        """Does what a due timer calls for and takes the timer away, in one transaction."""
        for _ in range(ATTEMPTS):
            try:
                self._fire(timer)
            except Conflict:
                continue
            return

    def _fire(self, timer: Timer) -> None:
        alert, at = self.load(timer.alert), self.clock()
        pool = self._pool(alert, at)
        with self.store.transaction() as cursor:
            delivered = alert_rows.is_delivered(cursor, timer.alert, timer.sequence)
        events = fire(alert, timer, pool, delivered, at)
        then = after(alert, events)
        writes: list[Write] = [alert_rows.drop_timer(timer), *self.outcomes.rows(then, events, pool)]
        if looks_go_on(then, timer):
            writes.append(alert_rows.set_timers([next_look(timer, at)]))
        self.store.record(events, writes)

    def _pool(self, alert: Alert, at: datetime, *others: UUID) -> Pool:
        with self.store.transaction() as cursor:
            return roster.pool(cursor, [alert.member, *others], at)

    def _decision(self, alert: Alert, events: Events, pool: Pool) -> Decision[Any]:
        then = after(alert, events)
        return Decision({"id": alert.id, "state": then.state}, events, self.outcomes.rows(then, events, pool))


def supporters_step(alert: Alert, step: str, supporter: UUID, pool: Pool, at: datetime) -> Events:
    match step:
        case "accept":
            _require_not_recused(alert, supporter, pool)
            return steps.accept(alert, supporter, at)
        case "decline":
            return steps.decline(alert, supporter, eligible(pool, alert, at), at)
        case "later":
            return steps.postpone(alert, supporter, eligible(pool, alert, at), at)
        case "contact":
            _require_not_recused(alert, supporter, pool)
            return steps.record_contact(alert, supporter, at)
        case "close":
            return steps.close(alert, supporter, at)
    raise unknown("step")


def _require_not_in_the_way(pool: Pool, alert: Alert, person: UUID) -> None:
    """To who must not hear of an alert there is none; the member knows of it, and can only cancel it."""
    if person == alert.member:
        raise forbidden("Whom an alert is about can only cancel it.")
    if stands_in_the_way(pool, alert, person):
        raise unknown("alert")


def _require_this_offer(alert: Alert, command: TakeStep) -> None:
    offer = alert.offer_to(command.supporter) if command.supporter else None
    if command.sequence is not None and (offer is None or offer.sequence != command.sequence):
        raise wrong_state("This link's offer isn't open any more.")


def _require_not_recused(alert: Alert, supporter: UUID, pool: Pool) -> None:
    """Who moved into the member's management chain since the offer can't take it, or go on with it, any more."""
    if recused(pool, alert, supporter):
        raise wrong_state("This alert can't be taken by this supporter any more.")
