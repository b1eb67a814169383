"""Whatever supporters do and however they come and go, an alert that waits is looked at again."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.alerts.domain import steps
from services.alerts.domain.alert import Alert, OfferState, State, after, evolve
from services.alerts.domain.eligibility import CLINICAL_LEAD, Candidate, Pool, eligible
from services.alerts.domain.firing import fire, looks_go_on
from services.alerts.domain.members import Member
from services.alerts.domain.timers import Kind, Timer, next_look, timers_after
from services.alerts.domain.wishes import NOTHING_SAID
from shared.errors import Problem
from shared.events.alerts import Tier
from shared.store.events import PrivateEvent

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
MEMBER, *SUPPORTERS = (UUID(int=number) for number in range(1, 6))
people = st.sampled_from(SUPPORTERS)


class AlertsLife(RuleBasedStateMachine):
    """One alert; the timers that are set are fired in order of time, as the dispatcher would."""

    alert: Alert
    timers: dict[UUID, Timer]
    here: set[UUID]
    now: datetime

    @initialize(tier=st.sampled_from([Tier.ORANGE, Tier.RED]), here=st.sets(people))
    def is_raised(self, tier: Tier, here: set[UUID]) -> None:
        self.now, self.here, self.timers = START, here, {}
        raised = steps.raise_alert(uuid4(), MEMBER, tier, (), uuid4(), None, START)
        self.alert = evolve(None, raised)
        self.follow((raised, *steps.offer_next(self.alert, self.asked(), START)), from_start=True)

    @rule(supporter=people)
    def somebody_comes(self, supporter: UUID) -> None:
        self.here.add(supporter)

    @rule(supporter=people)
    def somebody_leaves(self, supporter: UUID) -> None:
        self.here.discard(supporter)
        self.follow(steps.take_back(self.alert, supporter, self.asked(), self.now))

    @rule(supporter=people, step=st.sampled_from(["decline", "postpone"]))
    def somebody_says_no(self, supporter: UUID, step: str) -> None:
        say = steps.decline if step == "decline" else steps.postpone
        if self.is_asked(supporter):
            self.follow(say(self.alert, supporter, self.asked(), self.now))
        else:
            with pytest.raises(Problem):
                say(self.alert, supporter, self.asked(), self.now)

    @precondition(lambda self: self.timers)
    @rule(delivered=st.booleans())
    def the_next_timer_is_due(self, delivered: bool) -> None:
        timer = min(self.timers.values(), key=lambda each: each.due_at)
        del self.timers[timer.id]
        self.now = max(self.now, timer.due_at)
        self.follow(fire(self.alert, timer, self.pool(), delivered, self.now))
        if looks_go_on(self.alert, timer):
            look = next_look(timer, self.now)
            self.timers[look.id] = look

    @rule(supporter=people)
    def somebody_accepts(self, supporter: UUID) -> None:
        if self.is_asked(supporter) and supporter is SUPPORTERS[-1]:
            self.follow(steps.accept(self.alert, supporter, self.now))

    @invariant()
    def is_with_somebody_or_looked_at_again(self) -> None:
        if self.alert.is_waiting:
            assert any(map(self.goes_on, self.timers.values())), f"{self.alert.state} and nothing will happen"
        else:
            assert not self.alert.open_offers
            held = self.alert.state is State.ACCEPTED and self.alert.tier is Tier.RED
            assert [timer.kind for timer in self.timers.values()] == ([Kind.NO_CONTACT] if held else [])

    def follow(self, events: tuple[PrivateEvent, ...], from_start: bool = False) -> None:
        self.alert = after(self.alert, events[1:] if from_start else events)
        kept = self.timers if self.alert.is_waiting or not events else {}
        self.timers = kept | {timer.id: timer for timer in timers_after(self.alert, events)}

    def goes_on(self, timer: Timer) -> bool:
        """Whether this timer sees to it that somebody else is asked: after the last open offer, or from outside."""
        latest = max((offer.sequence for offer in self.alert.open_offers), default=None)
        return looks_go_on(self.alert, timer) or (timer.kind is Kind.UNANSWERED and timer.sequence == latest)

    def is_asked(self, supporter: UUID) -> bool:
        offer = self.alert.offer_to(supporter)
        return self.alert.is_waiting and offer is not None and offer.state is OfferState.OPEN

    def pool(self) -> Pool:
        members = {person: Member(person, known=True) for person in (MEMBER, *SUPPORTERS)}
        skills = {SUPPORTERS[0]: (CLINICAL_LEAD,)}
        candidates = [Candidate(each, each, skills=skills.get(each, ()), endpoints=(each,)) for each in sorted(self.here)]
        return Pool(candidates, members, NOTHING_SAID)

    def asked(self) -> list[UUID]:
        return eligible(self.pool(), self.alert, self.now)


TestAlertsLife = AlertsLife.TestCase
TestAlertsLife.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
