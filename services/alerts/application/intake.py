"""The stream's use case: alerts from what the detectors saw in members' events, withdrawn consents, and farewells."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from services.alerts.application.outcomes import Outcomes
from services.alerts.application.staff import switching_off
from services.alerts.domain import steps
from services.alerts.domain.alert import after, evolve, replay
from services.alerts.domain.consent import withdraw_consent
from services.alerts.domain.eligibility import Pool, eligible
from services.alerts.domain.events import Offered
from services.alerts.domain.members import Consent, Member
from services.alerts.views import alert_rows, member_rows, reading_rows, roster, wish_rows
from services.alerts.views.members import VIEW, Concern, Effect, Revocation
from shared.clock import Clock
from shared.http import idempotency
from shared.projection import forgetting
from shared.projection.reader import Changes
from shared.store import erasures
from shared.store.erasures import Erased
from shared.store.event_store import EventStore, Write
from shared.store.events import PrivateEvent

Revoked = Mapping[UUID, Collection[Consent]]


@dataclass(frozen=True)
class Intake:
    """Taking in again what was taken in raises nothing again: an alert's id follows from its trigger's."""

    store: EventStore
    outcomes: Outcomes
    clock: Clock

    def act_on(self, effects: Sequence[Effect], members: Mapping[UUID, Member]) -> Changes:
        """The alerts that a batch raises, with everything owed because of them; `members` as they are after it."""
        with self.store.transaction() as cursor:
            about = {effect.member for effect in effects}
            then = {**member_rows.load(cursor, about), **members}
            return Changes(*self._act(cursor, then, effects))

    def _act(
        self, cursor: Cursor[DictRow], members: Mapping[UUID, Member], effects: Sequence[Effect]
    ) -> tuple[list[PrivateEvent], list[Write]]:
        before = erasures.among(cursor, list(members))
        here = [effect for effect in effects if _is_here(effect.member, members, before)]
        concerns = {effect.alert: effect for effect in here if isinstance(effect, Concern)}
        gone = [effect for effect in effects if isinstance(effect, Erased)]
        events, writes = self._raise(cursor, members, concerns, revoked_after(here)) if concerns else ([], [])
        if revoked := revoked_by(here):
            withdrawn, withdrawn_writes = self._withdraw(cursor, revoked)
            events, writes = events + withdrawn, writes + withdrawn_writes
        if gone:
            ended, ended_writes = self._end(cursor, gone)
            return events + ended, [*ended_writes, *writes]
        return events, writes

    def forget(self, gone: Sequence[Erased]) -> Changes:
        """What follows from erasures, whether or not their events are folded yet."""
        with self.store.transaction() as cursor:
            return Changes(*self._end(cursor, gone))

    def _raise(
        self, cursor: Cursor[DictRow], members: Mapping[UUID, Member], concerns: dict[UUID, Concern], revoked: Revoked
    ) -> tuple[list[PrivateEvent], list[Write]]:
        at = self.clock()
        known = alert_rows.known_alerts(cursor, list(concerns))
        pool = _pool(cursor, members, at)
        events: list[PrivateEvent] = []
        writes: list[Write] = []
        for concern in concerns.values():
            if concern.alert in known:
                continue
            raised, rows, pool = self._raise_one(concern, pool, revoked[concern.alert])
            events += raised
            writes += rows
        return events, writes

    def _raise_one(
        self, concern: Concern, pool: Pool, revoked: Collection[Consent]
    ) -> tuple[Sequence[PrivateEvent], Sequence[Write], Pool]:
        """Where the same batch has the withdrawal of what it stands on, nobody is asked to begin with."""
        at = self.clock()
        raised = steps.raise_alert(
            concern.alert,
            concern.member,
            concern.tier,
            concern.signals,
            concern.trigger,
            concern.reporter,
            at,
            concern.other_reporters,
        )
        alert = evolve(None, raised)
        then = withdraw_consent(alert, revoked, at) or steps.offer_next(alert, eligible(pool, alert, at), at)
        events = (raised, *then)
        rows = self.outcomes.rows(after(alert, then), events, pool)
        asked = {event.supporter for event in then if isinstance(event, Offered)}
        return events, rows, pool.with_offers_to(asked, alert.tier)

    def _withdraw(self, cursor: Cursor[DictRow], revoked: Revoked) -> tuple[list[PrivateEvent], list[Write]]:
        """What is open and stands on what was withdrawn ends; whoever was asked, or has it, is told."""
        at = self.clock()
        pool = roster.pool(cursor, list(revoked), at)
        events: list[PrivateEvent] = []
        writes: list[Write] = []
        for id_ in alert_rows.open_alerts_about(cursor, list(revoked)):
            alert = replay(self.store.load(id_))
            assert alert is not None, "an alert's row is written with its events"
            withdrawn = withdraw_consent(alert, revoked[alert.member], at)
            events += withdrawn
            writes += self.outcomes.rows(after(alert, withdrawn), withdrawn, pool)
        return events, writes

    def _end(self, cursor: Cursor[DictRow], gone: Sequence[Erased]) -> tuple[list[PrivateEvent], list[Write]]:
        """Open alerts about erased members are cancelled; of themselves as supporters nothing is left but an id."""
        at, members = self.clock(), [one.member for one in gone]
        events, off = switching_off(cursor, roster.active_endpoints_of(cursor, members), at)
        dropped = (roster.drop_supporters(members), reading_rows.drop_accesses(members), wish_rows.drop(members))
        writes = [erasures.put(gone, at), *off, *dropped, forgetting.forget(members, [VIEW]), idempotency.forget(members)]
        pool = roster.pool(cursor, members, at)
        for id_ in alert_rows.open_alerts_about(cursor, members):
            alert = replay(self.store.load(id_))
            assert alert is not None, "an alert's row is written with its events"
            cancelled = steps.cancel(alert, at)
            events += cancelled
            writes += self.outcomes.rows(after(alert, cancelled), cancelled, pool)
        return events, writes


def revoked_by(effects: Sequence[Effect]) -> Revoked:
    """What each member withdrew."""
    revoked: defaultdict[UUID, set[Consent]] = defaultdict(set)
    for effect in effects:
        if isinstance(effect, Revocation):
            revoked[effect.member].add(effect.consent)
    return revoked


def revoked_after(effects: Sequence[Effect]) -> Revoked:
    """By alert, what its member withdrew after it was raised: who withdraws and then asks for a person is heard."""
    revoked: defaultdict[UUID, set[Consent]] = defaultdict(set)
    found: dict[UUID, Collection[Consent]] = {}
    for effect in reversed(effects):
        if isinstance(effect, Revocation):
            revoked[effect.member].add(effect.consent)
        elif isinstance(effect, Concern):
            found[effect.alert] = frozenset(revoked[effect.member])
    return found


def _is_here(member: UUID, members: Mapping[UUID, Member], erased_before: set[UUID]) -> bool:
    """A restored database reads again of somebody who is known to be erased later on."""
    return member not in erased_before and not members[member].erased


def _pool(cursor: Cursor[DictRow], members: Mapping[UUID, Member], at: datetime) -> Pool:
    """The pool as it is after this batch, whose members aren't stored yet."""
    managers = {member.manager for member in members.values() if member.manager}
    pool = roster.pool(cursor, {*members, *managers}, at)
    return replace(pool, members={**pool.members, **members})
