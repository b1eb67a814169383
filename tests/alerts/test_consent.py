"""What a withdrawn consent does to an alert, step by step, and what danger does against it."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.alerts.application.intake import revoked_after
from services.alerts.domain import steps
from services.alerts.domain.alert import Alert, State, after, evolve
from services.alerts.domain.consent import decide_danger, require_no_danger, withdraw_consent
from services.alerts.domain.events import Ground
from services.alerts.domain.members import Consent, Member
from services.alerts.domain.notices import notices
from services.alerts.domain.signals import Signal
from services.alerts.domain.timers import Kind, timers_after
from services.alerts.views.members import VIEW, Effect, Revocation
from shared.errors import Problem
from shared.events.alerts import Tier
from shared.events.checkins import CheckInRecorded, ConsentChanged, Consents
from tests.alerts.test_alert_life import ANNA, BEN, LEAD, MEMBER, NOW, names
from tests.alerts.test_detection import WORST, check_in

CONTACT, ANALYTICS = {Consent.CONTACT}, {Consent.ANALYTICS}
ASKED = Signal("explicit_request", 4, "They asked.")
SEEN = Signal("lowest_mood", 4, "Their mood is low.")
AGREED = Member(MEMBER, known=True, analytics=True, contact=True)


def asked(*supporters: UUID, signal: Signal = ASKED, tier: Tier = Tier.ORANGE) -> Alert:
    alert = evolve(None, steps.raise_alert(uuid4(), MEMBER, tier, (signal,), uuid4(), None, NOW))
    for supporter in supporters:
        alert = after(alert, steps.offer_next(alert, [supporter], NOW))
    return alert


def accepted(signal: Signal = ASKED) -> Alert:
    alert = asked(ANNA, BEN, signal=signal)
    return after(alert, steps.accept(alert, ANNA, NOW))


def withdrawn(alert: Alert) -> Alert:
    return after(alert, withdraw_consent(alert, CONTACT, NOW))


def in_danger(alert: Alert, at: datetime = NOW) -> Alert:
    return after(alert, decide_danger(alert, LEAD, Ground.DANGER_TO_SELF, [BEN], at))


def changed(analytics: bool = True, contact: bool = True, text: bool = True) -> ConsentChanged:
    consents = Consents(analytics=analytics, contact=contact, text=text)
    return ConsentChanged(occurred_at=NOW, member=MEMBER, consents=consents)


def effects_of(*events: ConsentChanged | CheckInRecorded) -> list[Effect]:
    member: Member | None = AGREED
    found: list[Effect] = []
    for event in events:
        member, effects = VIEW.fold(member, event)
        found += effects
    return found


def test_every_open_offer_is_withdrawn_and_who_was_asked_is_told() -> None:
    alert = asked(ANNA, BEN)
    events = withdraw_consent(alert, CONTACT, NOW)
    then = after(alert, events)
    assert names(events) == ["Withdrawn", "Withdrawn", "ConsentWithdrawn"]
    assert [(notice.type, notice.supporter) for notice in notices(then, events)] == [
        ("alert.withdrawn", ANNA),
        ("alert.withdrawn", BEN),
    ]
    assert (then.state, then.open_offers, timers_after(then, events)) == (State.CANCELLED, (), [])


@pytest.mark.parametrize("contacted", [False, True])
def test_who_accepted_is_told_too_and_has_it_no_more(contacted: bool) -> None:
    alert = accepted()
    alert = after(alert, steps.record_contact(alert, ANNA, NOW)) if contacted else alert
    events = withdraw_consent(alert, CONTACT, NOW)
    then = after(alert, events)
    assert [(notice.type, notice.supporter) for notice in notices(then, events)] == [("alert.withdrawn", ANNA)]
    assert (then.accepted_by, then.state) == (None, State.CANCELLED)
    with pytest.raises(Problem, match="409"):
        steps.record_contact(then, ANNA, NOW)


def test_one_that_waits_outside_or_for_its_first_offer_is_withdrawn() -> None:
    for alert in (asked(), after(asked(), steps.send_outside(asked(), NOW))):
        assert names(withdraw_consent(alert, CONTACT, NOW)) == ["ConsentWithdrawn"]


def test_what_has_ended_ends_no_second_time() -> None:
    closed = after(accepted(), steps.close(accepted(), None, NOW))
    for alert in (closed, withdrawn(accepted())):
        assert withdraw_consent(alert, CONTACT, NOW) == ()


def test_who_withdraws_analysis_ends_what_rests_on_it_alone() -> None:
    assert names(withdraw_consent(asked(ANNA, signal=SEEN), ANALYTICS, NOW)) == ["Withdrawn", "ConsentWithdrawn"]
    assert withdraw_consent(asked(ANNA), ANALYTICS, NOW) == ()
    assert withdraw_consent(accepted(SEEN), ANALYTICS, NOW) == ()


def test_whoever_withdraws_both_withdraws_contact() -> None:
    assert withdraw_consent(accepted(SEEN), {*CONTACT, *ANALYTICS}, NOW)


def test_withdrawing_is_told_once_and_only_of_what_was_agreed_to() -> None:
    assert effects_of(changed(contact=False)) == [Revocation(MEMBER, Consent.CONTACT)]
    assert effects_of(changed(analytics=False)) == [Revocation(MEMBER, Consent.ANALYTICS)]
    assert effects_of(changed(contact=False), changed(contact=False, text=False)) == [Revocation(MEMBER, Consent.CONTACT)]
    assert effects_of(changed(text=False)) == []


def test_from_a_withdrawal_on_nothing_is_analysed_until_it_is_agreed_to_again() -> None:
    worst = [check_in(AGREED, **WORST) for _ in range(2)]
    for off in (changed(analytics=False), changed(contact=False)):
        assert len(effects_of(off, worst[0])) == 1, "nothing but the revocation"
        assert [type(effect).__name__ for effect in effects_of(worst[0], off, changed(), worst[1])] == [
            "Concern",
            "Revocation",
            "Concern",
        ], "what was kept to group alerts is forgotten with the consent"


def test_what_is_kept_for_analysis_is_not_kept_without_agreement() -> None:
    asking = check_in(AGREED, wants_contact=True)
    state, _ = VIEW.fold(AGREED, asking)
    assert state is not None
    assert state.last_alert_at == NOW
    for off in (changed(analytics=False), changed(contact=False)):
        without, _ = VIEW.fold(state, off)
        assert without is not None
        assert without.last_alert_at is None
        still, _ = VIEW.fold(without, asking)
        assert still is not None
        assert still.last_alert_at is None


def test_who_asks_for_a_person_after_withdrawing_is_heard() -> None:
    before, afterwards = check_in(AGREED, wants_contact=True), check_in(AGREED, wants_contact=True)
    effects = effects_of(before, changed(contact=False), afterwards)
    assert [type(effect).__name__ for effect in effects] == ["Concern", "Revocation", "Concern"]
    assert [set(revoked) for revoked in revoked_after(effects).values()] == [set(), CONTACT]


@pytest.mark.parametrize("alert", [asked(ANNA), accepted(), asked()])
def test_what_is_decided_to_be_danger_outlives_the_consent_and_cancelling(alert: Alert) -> None:
    decided = in_danger(alert)
    assert (decided.state, decided.open_offers) == (alert.state, alert.open_offers)
    assert withdraw_consent(decided, {*CONTACT, *ANALYTICS}, NOW) == ()
    with pytest.raises(Problem, match="409"):
        require_no_danger(decided)
    require_no_danger(after(decided, steps.close(decided, None, NOW)))


def test_danger_opens_a_withdrawn_alert_again_under_new_numbers() -> None:
    alert = withdrawn(accepted())
    events = decide_danger(alert, LEAD, Ground.DANGER_TO_OTHERS, [ANNA, BEN], NOW)
    then = after(alert, events)
    assert names(events) == ["DangerDecided", "Reopened", "Offered"]
    assert [event.originator_version for event in events] == [alert.version + 1, alert.version + 2, alert.version + 3]
    assert (then.state, [offer.supporter for offer in then.open_offers]) == (State.OFFERED, [ANNA])
    assert withdraw_consent(then, CONTACT, NOW) == ()


def test_a_red_one_that_is_opened_again_has_its_whole_way_before_it() -> None:
    alert = withdrawn(asked(ANNA, tier=Tier.RED))
    events = decide_danger(alert, LEAD, Ground.DANGER_TO_SELF, [BEN], NOW + timedelta(hours=1))
    timers = timers_after(after(alert, events), events)
    dues = [(timer.kind, timer.due_at - NOW - timedelta(hours=1)) for timer in timers]
    assert [due for due in dues if due[0] is not Kind.UNDELIVERED] == [
        (Kind.LEAD, timedelta(minutes=6)),
        (Kind.OUTSIDE, timedelta(minutes=10)),
        (Kind.UNANSWERED, timedelta(minutes=3)),
    ]


def test_with_nobody_to_ask_what_is_opened_again_goes_outside() -> None:
    alert = withdrawn(accepted())
    assert names(decide_danger(alert, LEAD, Ground.DANGER_TO_SELF, [], NOW)) == ["DangerDecided", "Reopened", "SentOutside"]


def test_a_day_after_the_withdrawal_it_is_too_late() -> None:
    alert, day = withdrawn(accepted()), timedelta(days=1)
    assert in_danger(alert, NOW + day - timedelta(seconds=1)).is_waiting
    with pytest.raises(Problem, match="409"):
        in_danger(alert, NOW + day)


def test_danger_opens_nothing_that_ended_otherwise_and_is_decided_once() -> None:
    for ended in (steps.cancel(accepted(), NOW), steps.close(accepted(), ANNA, NOW)):
        with pytest.raises(Problem, match="409"):
            in_danger(after(accepted(), ended))
    with pytest.raises(Problem, match="409"):
        in_danger(in_danger(accepted()))
