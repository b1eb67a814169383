"""Days of on-call in seconds: the service's own decisions over a clock that jumps from one thing to the next.

What stands in for the rest of the service is the queue alone: timers and answers, in order of time.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from services.alerts.application.alerts import supporters_step
from services.alerts.domain import steps
from services.alerts.domain.alert import Alert, OfferState, State, after, evolve
from services.alerts.domain.eligibility import Candidate, Pool, eligible
from services.alerts.domain.events import Accepted, Lapsed, Offered, SentOutside
from services.alerts.domain.fatigue import WEIGHTS, Carried
from services.alerts.domain.firing import fire, looks_go_on
from services.alerts.domain.timers import Timer, next_look, timers_after
from services.alerts.domain.wishes import NOTHING_SAID
from shared.errors import Problem
from shared.events.alerts import Tier
from shared.store.events import PrivateEvent
from tests.oncall.oracle import must_not_hear, over_budget
from tests.oncall.organisation import Organisation

CONTACT_MEDIAN = timedelta(minutes=5)
CLOSED_AFTER = timedelta(hours=1)
LEAD_CLOSES_AFTER = timedelta(hours=24)


@dataclass
class Lived:
    """What came of it. Times are seconds from the raising of a red alert until somebody had it or the outside route did."""

    alerts: int = 0
    reds: int = 0
    offers: int = 0
    declined: int = 0
    lapsed: int = 0
    accepted_red: int = 0
    red_seconds: list[float] = field(default_factory=list)
    recusals_broken: int = 0
    budgets_broken: int = 0
    last_resorts: int = 0
    """Offers to somebody who rests, with nobody else left."""
    carried: dict[UUID, float] = field(default_factory=dict)
    closed_outside: int = 0
    unowned: int = 0


class Simulation:
    """One organisation's alerts, until `run` is told to end. What nobody may hear of stays with the outside route, is looked
    at every minute, and is closed by a lead in the end: so it is with somebody whom everybody works for."""

    def __init__(self, organisation: Organisation, random: Random, start: datetime) -> None:
        self.organisation, self.random, self.now = organisation, random, start
        self.lived = Lived(carried=dict.fromkeys(organisation.supporters, 0.0))
        self._queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._alerts: dict[UUID, Alert] = {}
        self._carried: dict[UUID, dict[UUID, Carried]] = {one: {} for one in organisation.supporters}
        self._accepted: dict[UUID, list[tuple[datetime, bool]]] = {one: [] for one in organisation.supporters}
        self._delivered: set[tuple[UUID, int]] = set()
        self._safe: set[UUID] = set()

    def at(self, when: datetime, do: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (max(when, self.now), next(self._order), do))

    def run(self, until: datetime) -> Lived:
        while self._queue and self._queue[0][0] < until:
            self.now, _, do = heapq.heappop(self._queue)
            do()
        self.lived.unowned = sum(alert.is_waiting for alert in self._alerts.values())
        return self.lived

    def raise_alert(self, member: UUID, tier: Tier, reporter: UUID | None) -> None:
        id_ = UUID(int=self.random.getrandbits(128))
        raised = steps.raise_alert(id_, member, tier, (), id_, reporter, self.now)
        alert = evolve(None, raised)
        self.lived.alerts += 1
        self.lived.reds += tier is Tier.RED
        self._follow(alert, (raised, *steps.offer_next(alert, eligible(self._pool(), alert, self.now), self.now)))

    def _pool(self) -> Pool:
        candidates = [
            Candidate(
                one.id,
                one.member,
                one.languages,
                one.skills,
                sum(WEIGHTS[carried.tier] for carried in self._carried[one.id].values()),
                tuple(self._carried[one.id].values()),
                (one.id,),
            )
            for one in self.organisation.supporters.values()
        ]
        return Pool(candidates, self.organisation.members, NOTHING_SAID)

    def _follow(self, before: Alert, events: Sequence[PrivateEvent]) -> None:
        """What the service does with the events of a decision: state, timers, deliveries."""
        if not events:
            return
        alert = after(before, [event for event in events if event.originator_version > before.version])
        for event in events:
            self._judge(alert, event)
        self._alerts[alert.id] = alert
        for offer in alert.offers:
            mine = self._carried[offer.supporter]
            mine.pop(alert.id, None)
            if offer.accepted_at or offer.state is OfferState.OPEN:
                mine[alert.id] = Carried(alert.tier, offer.accepted_at)
        for timer in timers_after(alert, events):
            self.at(timer.due_at, lambda timer=timer: self._fire(timer))  # type: ignore[misc]
        for event in events:
            if isinstance(event, Offered):
                self._deliver(alert.id, event)

    def _deliver(self, alert: UUID, event: Offered) -> None:
        supporter = self.organisation.supporters[event.supporter]
        if not supporter.is_reached(self.now):
            return
        self._delivered.add((alert, event.originator_version))
        step, wait = supporter.answer(self.now, self.random)
        if step:
            self.at(self.now + wait, lambda: self._answer(alert, supporter.id, step))

    def _answer(self, id_: UUID, supporter: UUID, step: str) -> None:
        alert = self._alerts[id_]
        try:
            events = supporters_step(alert, step, supporter, self._pool(), self.now)
        except Problem:  # somebody else has it, or a move recused them: their tool says so
            return
        self._follow(alert, events)
        if step == "accept" and self.random.random() >= self.organisation.supporters[supporter].forgets:
            wait = CONTACT_MEDIAN * self.random.lognormvariate(0, 0.5)
            self.at(self.now + wait, lambda: self._answer(id_, supporter, "contact"))
        elif step == "contact":
            self.at(self.now + CLOSED_AFTER, lambda: self._answer(id_, supporter, "close"))

    def _close(self, id_: UUID) -> None:
        alert = self._alerts[id_]
        if alert.is_waiting:
            self.lived.closed_outside += 1
            self._follow(alert, steps.close(alert, None, self.now))

    def _fire(self, timer: Timer) -> None:
        alert = self._alerts[timer.alert]
        delivered = (timer.alert, timer.sequence) in self._delivered
        self._follow(alert, fire(alert, timer, self._pool(), delivered, self.now))
        if looks_go_on(self._alerts[timer.alert], timer):
            look = next_look(timer, self.now)
            self.at(look.due_at, lambda: self._fire(look))

    def _judge(self, alert: Alert, event: PrivateEvent) -> None:
        match event:
            case Offered():
                self.lived.offers += 1
                self._judge_hearing(alert, event.supporter)
                self._judge_budget(alert, event.supporter)
            case Accepted():
                self._judge_hearing(alert, event.supporter)
                self._accepted[event.supporter].append((event.at, alert.tier is Tier.RED))
                self.lived.carried[event.supporter] += WEIGHTS[alert.tier]
                self.lived.accepted_red += alert.tier is Tier.RED
                self._is_safe(alert, event.at)
            case SentOutside():
                self._is_safe(alert, event.at)
                self.at(event.at + LEAD_CLOSES_AFTER, lambda: self._close(alert.id))
            case Lapsed():
                self.lived.lapsed += 1

    def _judge_hearing(self, alert: Alert, supporter: UUID) -> None:
        person, members = self.organisation.supporters[supporter].member, self.organisation.members
        self.lived.recusals_broken += must_not_hear(members, alert.member, alert.reporters, person)

    def _judge_budget(self, alert: Alert, supporter: UUID) -> None:
        """An offer that may break a budget is right only where everybody else who may hear of it would break theirs too."""
        if not self._would_break(supporter, alert.tier):
            return
        asked = {offer.supporter for offer in alert.offers}
        others = [one for one in self.organisation.supporters.values() if one.id not in asked]
        free = [one for one in others if not self._would_break(one.id, alert.tier) and self._may_hear(alert, one.member)]
        self.lived.budgets_broken += bool(free)
        self.lived.last_resorts += not free

    def _would_break(self, supporter: UUID, tier: Tier) -> bool:
        return over_budget([*self._accepted[supporter], (self.now, tier is Tier.RED)], self.now)

    def _may_hear(self, alert: Alert, person: UUID) -> bool:
        return not must_not_hear(self.organisation.members, alert.member, alert.reporters, person)

    def _is_safe(self, alert: Alert, at: datetime) -> None:
        if alert.tier is Tier.RED and alert.id not in self._safe:
            self._safe.add(alert.id)
            self.lived.red_seconds.append((at - alert.raised_at).total_seconds())

    @property
    def states(self) -> dict[State, int]:
        states = [alert.state for alert in self._alerts.values()]
        return {state: states.count(state) for state in State if state in states}
