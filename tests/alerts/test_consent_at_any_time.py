"""Whatever supporters do and whenever consent is given, withdrawn or overruled, a withdrawal leaves nothing behind."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.alerts.domain import steps
from services.alerts.domain.alert import Alert, after, evolve
from services.alerts.domain.consent import decide_danger, withdraw_consent
from services.alerts.domain.events import AlertEvent, Ground
from services.alerts.domain.firing import fire
from services.alerts.domain.members import Member
from services.alerts.domain.notices import OFFERED, WITHDRAWN, notices
from services.alerts.domain.signals import says_a_person
from services.alerts.domain.timers import Timer, timers_after
from services.alerts.views.members import VIEW, Concern, Revocation
from shared.errors import Problem
from shared.events.checkins import CheckInRecorded, ConsentChanged, Consents, DistressFlagged, MemberEvent, Sign
from tests.alerts.test_alert_life import staff

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
MEMBER, LEAD, *SUPPORTERS = (UUID(int=number) for number in range(1, 6))
POOL = staff(*SUPPORTERS)


class Consenting(RuleBasedStateMachine):
    """One member and every alert about them, each with what is told of it and what is still to come."""

    member: Member
    alerts: dict[UUID, Alert]
    timers: dict[UUID, dict[UUID, Timer]]
    told: dict[UUID, dict[UUID, str]]
    unwanted: set[UUID]
    now: datetime

    @initialize(analytics=st.booleans(), contact=st.booleans())
    def enrols(self, analytics: bool, contact: bool) -> None:
        self.now, self.member = START, Member(MEMBER, known=True, analytics=analytics, contact=contact)
        self.alerts, self.timers, self.told, self.unwanted = {}, {}, {}, set()

    @rule(mood=st.sampled_from([1, 3]), wants_contact=st.booleans())
    def checks_in(self, mood: int, wants_contact: bool) -> None:
        values = {"mood": mood, "energy": mood, "stress": 6 - mood, "wants_contact": wants_contact}
        self.hear(CheckInRecorded(occurred_at=self.now, member=MEMBER, check_in=uuid4(), recorded_at=self.now, **values))

    @rule()
    def a_colleague_calls_it_urgent(self) -> None:
        self.hear(DistressFlagged(occurred_at=self.now, member=MEMBER, flag=uuid4(), signs=(Sign.ANGER,), urgent=True))

    @rule(analytics=st.booleans(), contact=st.booleans())
    def thinks_again(self, analytics: bool, contact: bool) -> None:
        before = self.member
        self.hear(ConsentChanged(occurred_at=self.now, member=MEMBER, consents=Consents(analytics=analytics, contact=contact)))
        for id_, alert in self.alerts.items():
            withdrew = before.contact and not contact
            if withdrew and not alert.in_danger:
                self.unwanted.add(id_)

    @precondition(lambda self: self.alerts)
    @rule(data=st.data(), supporter=st.sampled_from(SUPPORTERS), step=st.sampled_from(["accept", "decline", "close"]))
    def somebody_answers(self, data: st.DataObject, supporter: UUID, step: str) -> None:
        alert = self.one(data)
        with suppress(Problem):
            if step == "accept":
                self.follow(alert, steps.accept(alert, supporter, self.now))
            elif step == "decline":
                self.follow(alert, steps.decline(alert, supporter, self.free(alert), self.now))
            else:
                self.follow(alert, steps.close(alert, supporter, self.now))

    @precondition(lambda self: any(self.timers.values()))
    @rule(delivered=st.booleans())
    def the_next_timer_is_due(self, delivered: bool) -> None:
        timer = min((each for timers in self.timers.values() for each in timers.values()), key=lambda each: each.due_at)
        del self.timers[timer.alert][timer.id]
        self.now = max(self.now, timer.due_at)
        alert = self.alerts[timer.alert]
        self.follow(alert, fire(alert, timer, POOL, delivered, self.now))

    @precondition(lambda self: self.alerts)
    @rule(data=st.data(), ground=st.sampled_from(Ground))
    def a_lead_decides_that_it_is_danger(self, data: st.DataObject, ground: Ground) -> None:
        alert = self.one(data)
        with suppress(Problem):
            self.follow(alert, decide_danger(alert, LEAD, ground, self.free(alert), self.now))
            self.unwanted.discard(alert.id)

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def a_withdrawal_leaves_no_offer_no_name_and_nothing_to_come(self) -> None:
        for alert in (self.alerts[id_] for id_ in self.unwanted):
            assert alert.has_ended
            assert not alert.open_offers
            assert not self.timers[alert.id]
            if alert.withdrawn_at:
                assert alert.accepted_by is None
                assert set(self.told[alert.id].values()) <= {WITHDRAWN}

    @invariant()
    def what_waits_and_nobody_asked_for_has_the_agreement_to_analysis(self) -> None:
        for alert in self.alerts.values():
            if alert.is_waiting and not says_a_person(alert.signals):
                assert self.member.may_be_analysed or alert.in_danger

    @invariant()
    def danger_ends_only_with_the_alert(self) -> None:
        assert not any(alert.in_danger and alert.withdrawn_at for alert in self.alerts.values())

    def hear(self, event: MemberEvent) -> None:
        then, effects = VIEW.fold(self.member, event)
        assert then is not None
        self.member = then
        for effect in effects:
            if isinstance(effect, Concern):
                self.begin(effect)
            elif isinstance(effect, Revocation):
                for alert in list(self.alerts.values()):
                    self.follow(alert, withdraw_consent(alert, {effect.consent}, self.now))

    def begin(self, concern: Concern) -> None:
        raised = steps.raise_alert(concern.alert, MEMBER, concern.tier, concern.signals, concern.trigger, None, self.now)
        alert = evolve(None, raised)
        self.told[alert.id], self.timers[alert.id] = {}, {}
        self.alerts[alert.id] = alert
        self.timers[alert.id] |= {timer.id: timer for timer in timers_after(alert, [raised])}
        self.follow(alert, steps.offer_next(alert, self.free(alert), self.now))

    def follow(self, alert: Alert, events: tuple[AlertEvent, ...]) -> None:
        then = self.alerts[alert.id] = after(alert, events)
        self.timers[alert.id] |= {timer.id: timer for timer in timers_after(then, events)}
        if not then.is_waiting:
            self.timers[alert.id] = {}
        for notice in notices(then, events):
            if notice.type in (OFFERED, WITHDRAWN):
                self.told[alert.id][notice.supporter] = notice.type
        for supporter in (offer.supporter for offer in then.offers if offer.state == "declined"):
            self.told[alert.id].pop(supporter, None)

    def one(self, data: st.DataObject) -> Alert:
        return data.draw(st.sampled_from(list(self.alerts.values())))

    def free(self, alert: Alert) -> list[UUID]:
        known = {offer.supporter for offer in alert.offers if offer.state != "withdrawn"}
        return [supporter for supporter in SUPPORTERS if supporter not in known]


TestConsenting = Consenting.TestCase
TestConsenting.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
