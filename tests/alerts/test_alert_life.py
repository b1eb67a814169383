"""The life of an alert, step by step, and what each timer does to it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.alerts.domain import steps
from services.alerts.domain.alert import Alert, OfferState, State, after, evolve
from services.alerts.domain.eligibility import CLINICAL_LEAD, Candidate, Pool, eligible
from services.alerts.domain.events import Offered
from services.alerts.domain.firing import fire, looks_go_on
from services.alerts.domain.members import Member
from services.alerts.domain.notices import body, notices
from services.alerts.domain.signals import Signal
from services.alerts.domain.timers import Kind, Timer, next_look, timers_after
from services.alerts.domain.wishes import NOTHING_SAID, Wishes
from shared.errors import Problem
from shared.events.alerts import Tier
from shared.store.events import PrivateEvent

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MEMBER, ANNA, BEN, LEAD = (UUID(int=number) for number in range(1, 5))


def raised(tier: Tier = Tier.ORANGE) -> Alert:
    signals = (Signal("explicit_request", 4, "They asked."),)
    return evolve(None, steps.raise_alert(uuid4(), MEMBER, tier, signals, uuid4(), None, NOW))


def offered(*supporters: UUID, tier: Tier = Tier.ORANGE, at: datetime = NOW) -> Alert:
    alert = raised(tier)
    for supporter in supporters:
        alert = after(alert, steps.offer_next(alert, [supporter], at))
    return alert


def names(events: Sequence[PrivateEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


def staff(*people: UUID, skills: tuple[str, ...] = ()) -> Pool:
    candidates = [Candidate(person, person, skills=skills, endpoints=(uuid4(),)) for person in people]
    return Pool(candidates, {person: Member(person, known=True) for person in (MEMBER, *people)}, NOTHING_SAID)


def due(alert: Alert, kind: Kind, supporter: UUID | None = None) -> Timer:
    offer = alert.offer_to(supporter) if supporter else None
    return Timer(alert.id, kind, offer.sequence if offer else 1, NOW)


def test_the_best_of_the_eligible_is_asked() -> None:
    (event,) = steps.offer_next(raised(), [ANNA, BEN], NOW)
    assert isinstance(event, Offered)
    assert (event.supporter, event.originator_version) == (ANNA, 2)


@pytest.mark.parametrize(("tier", "minutes"), [(Tier.RED, 3), (Tier.ORANGE, 30)])
def test_an_offer_stands_as_long_as_its_tier_allows(tier: Tier, minutes: int) -> None:
    assert offered(ANNA, tier=tier).open_offers[0].expires_at == NOW + timedelta(minutes=minutes)


def test_with_nobody_eligible_the_outside_route_has_it_once() -> None:
    alert = raised()
    outside = steps.offer_next(alert, [], NOW)
    assert names(outside) == ["SentOutside"]
    assert steps.offer_next(after(alert, outside), [], NOW) == ()


def test_an_acceptance_withdraws_the_others_offers() -> None:
    alert = offered(ANNA, BEN)
    events = steps.accept(alert, BEN, NOW)
    then = after(alert, events)
    assert names(events) == ["Accepted", "Withdrawn"]
    assert (then.state, then.accepted_by, then.open_offers) == (State.ACCEPTED, BEN, ())


def test_a_decline_asks_the_next_at_once() -> None:
    alert = offered(ANNA)
    then = after(alert, steps.decline(alert, ANNA, [BEN], NOW))
    assert [(offer.supporter, offer.state) for offer in then.offers] == [
        (ANNA, OfferState.DECLINED),
        (BEN, OfferState.OPEN),
    ]


def test_the_last_decline_sends_it_outside() -> None:
    assert names(steps.decline(offered(ANNA), ANNA, [], NOW)) == ["Declined", "SentOutside"]


def test_a_decline_waits_for_who_still_has_time_to_answer() -> None:
    assert names(steps.decline(offered(ANNA, BEN), BEN, [], NOW)) == ["Declined"]
    late = NOW + timedelta(minutes=31)
    assert names(steps.decline(offered(ANNA, BEN), BEN, [], late)) == ["Declined", "SentOutside"]


def test_not_now_asks_the_next_as_well() -> None:
    assert names(steps.postpone(offered(ANNA), ANNA, [BEN], NOW)) == ["Postponed", "Offered"]


def test_an_offer_may_be_taken_late_and_from_outside() -> None:
    alert = offered(ANNA, at=NOW - timedelta(hours=1))
    alert = after(alert, steps.send_outside(alert, NOW))
    assert names(steps.accept(alert, ANNA, NOW)) == ["Accepted"]


def test_wrong_steps_are_conflicts() -> None:
    alert = offered(ANNA, BEN)
    accepted = after(alert, steps.accept(alert, ANNA, NOW))
    closed = after(accepted, steps.close(accepted, ANNA, NOW))
    wrong: list[Callable[[], object]] = [
        lambda: steps.accept(alert, LEAD, NOW),
        lambda: steps.accept(accepted, BEN, NOW),
        lambda: steps.accept(accepted, ANNA, NOW),
        lambda: steps.decline(accepted, ANNA, [], NOW),
        lambda: steps.close(alert, ANNA, NOW),
        lambda: steps.close(accepted, BEN, NOW),
        lambda: steps.record_contact(accepted, BEN, NOW),
        lambda: steps.close(closed, ANNA, NOW),
        lambda: steps.cancel(closed, NOW),
    ]
    for step in wrong:
        with pytest.raises(Problem) as caught:
            step()
        assert caught.value.status == 409


def test_cancelling_takes_every_offer_back_and_tells_who_has_it() -> None:
    alert = offered(ANNA, BEN)
    assert names(steps.cancel(alert, NOW)) == ["Withdrawn", "Withdrawn", "Cancelled"]
    accepted = after(alert, steps.accept(alert, ANNA, NOW))
    events = steps.cancel(accepted, NOW)
    told = notices(after(accepted, events), events)
    assert [(notice.type, notice.supporter) for notice in told] == [("alert.closed", ANNA)]


def test_an_undelivered_red_offer_is_handed_to_the_next() -> None:
    alert = offered(ANNA, tier=Tier.RED)
    timer = due(alert, Kind.UNDELIVERED, ANNA)
    at = NOW + timedelta(seconds=120)
    assert names(fire(alert, timer, staff(ANNA, BEN), False, at)) == ["Offered"]
    assert fire(alert, timer, staff(ANNA, BEN), True, at) == ()


def test_an_unanswered_offer_is_escalated_and_stays_open() -> None:
    alert = offered(ANNA, tier=Tier.RED)
    events = fire(alert, due(alert, Kind.UNANSWERED, ANNA), staff(ANNA, BEN), True, NOW + timedelta(minutes=3))
    then = after(alert, events)
    assert names(events) == ["Escalated", "Offered"]
    assert [offer.supporter for offer in then.open_offers] == [ANNA, BEN]
    told = notices(then, events)
    assert [(notice.type, notice.supporter) for notice in told] == [("alert.escalated", ANNA), ("alert.offered", BEN)]


def test_only_the_latest_offers_time_counts() -> None:
    alert = offered(ANNA, BEN, tier=Tier.RED)
    assert fire(alert, due(alert, Kind.UNANSWERED, ANNA), staff(ANNA, BEN, LEAD), True, NOW) == ()


def test_the_clinical_lead_is_asked_where_there_is_one() -> None:
    alert = offered(ANNA, tier=Tier.RED)
    leads = staff(LEAD, skills=(CLINICAL_LEAD,))
    assert names(fire(alert, due(alert, Kind.LEAD), leads, True, NOW)) == ["Escalated", "Offered"]
    assert fire(alert, due(alert, Kind.LEAD), staff(BEN), True, NOW) == ()


def test_by_ten_minutes_the_outside_route_has_a_red_alert() -> None:
    alert = offered(ANNA, tier=Tier.RED)
    assert names(fire(alert, due(alert, Kind.OUTSIDE), staff(BEN), True, NOW)) == ["SentOutside"]


def test_outside_whoever_becomes_eligible_is_asked() -> None:
    alert = after(raised(), steps.offer_next(raised(), [], NOW))
    timer = Timer(alert.id, Kind.LOOK_AGAIN, 2, NOW)
    assert fire(alert, timer, staff(), True, NOW) == ()
    events = fire(alert, timer, staff(ANNA), True, NOW)
    then = after(alert, events)
    assert (names(events), then.state) == (["Offered"], State.OFFERED)
    assert fire(then, timer, staff(ANNA, BEN), True, NOW) == ()
    assert names(fire(then, timer, staff(ANNA, BEN), True, NOW + timedelta(minutes=31))) == ["Offered"]


def test_only_the_last_way_outside_goes_on_looking() -> None:
    alert = after(raised(), steps.offer_next(raised(), [ANNA], NOW))
    first = after(alert, steps.decline(alert, ANNA, [], NOW))
    again = after(first, steps.offer_next(first, [BEN], NOW))
    second = after(again, steps.decline(again, BEN, [], NOW))
    assert [looks_go_on(second, Timer(alert.id, Kind.LOOK_AGAIN, sequence, NOW)) for sequence in (4, 7)] == [False, True]


def test_an_unreachable_supporters_offer_goes_to_the_next() -> None:
    alert = offered(ANNA)
    timer = due(alert, Kind.UNREACHABLE, ANNA)
    assert names(fire(alert, timer, staff(BEN), True, NOW)) == ["Withdrawn", "Offered"]
    assert fire(alert, timer, staff(ANNA, BEN), True, NOW) == ()


def test_who_must_not_hear_of_it_any_more_loses_it_until_they_have_been_in_touch() -> None:
    alert = offered(ANNA)
    accepted = after(alert, steps.accept(alert, ANNA, NOW))
    met = after(accepted, steps.record_contact(accepted, ANNA, NOW))
    apart = replace(staff(ANNA, BEN), wishes=Wishes(blocked={(MEMBER, ANNA)}))

    def taken(alert: Alert, pool: Pool) -> list[str]:
        return names(fire(alert, due(alert, Kind.RECUSED, ANNA), pool, True, NOW))

    assert taken(alert, apart) == ["Withdrawn", "Offered"]
    assert taken(accepted, apart) == ["Lapsed", "SentOutside"]
    assert taken(met, apart) == []
    assert taken(accepted, staff(ANNA, BEN)) == [], "what was said is taken back"


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in (Kind.NO_CONTACT, Kind.RECUSED)])
def test_no_timer_does_anything_to_an_alert_that_somebody_has(kind: Kind) -> None:
    alert = offered(ANNA, tier=Tier.RED)
    accepted = after(alert, steps.accept(alert, ANNA, NOW))
    for supporter in (ANNA, None):
        everybody = staff(BEN, LEAD, skills=(CLINICAL_LEAD,))
        assert fire(accepted, due(accepted, kind, supporter), everybody, False, NOW) == ()


def test_red_sets_the_timers_of_the_red_schedule() -> None:
    alert = raised(Tier.RED)
    events = (steps.raise_alert(alert.id, MEMBER, Tier.RED, (), uuid4(), None, NOW), *steps.offer_next(alert, [ANNA], NOW))
    timers = timers_after(after(alert, events[1:]), events)
    waits = {timer.kind: (timer.due_at - NOW).total_seconds() for timer in timers}
    assert waits == {Kind.LEAD: 360, Kind.OUTSIDE: 600, Kind.UNANSWERED: 180, Kind.UNDELIVERED: 120}
    assert len({timer.id for timer in timers}) == 4


def test_orange_waits_half_an_hour_for_an_answer_and_ten_minutes_for_a_delivery() -> None:
    alert = raised()
    events = steps.offer_next(alert, [ANNA], NOW)
    waits = {timer.kind: (timer.due_at - NOW).total_seconds() for timer in timers_after(after(alert, events), events)}
    assert waits == {Kind.UNANSWERED: 1_800, Kind.UNDELIVERED: 600}


def test_the_outside_route_is_looked_at_often_at_first() -> None:
    alert = raised()
    events = steps.offer_next(alert, [], NOW)
    (timer,) = timers_after(after(alert, events), events)
    seconds = []
    for _ in range(9):
        seconds.append((timer.due_at - NOW).total_seconds())
        timer = next_look(timer, timer.due_at)
    assert seconds == [1, 2, 5, 10, 30, 60, 120, 180, 240]


def test_a_webhook_has_one_id_for_each_endpoint_and_step() -> None:
    alert = offered(ANNA)
    events = steps.offer_next(raised(), [ANNA], NOW)
    (notice,) = notices(alert, events)
    one, other = uuid4(), uuid4()
    assert notice.webhook_id(one) == notice.webhook_id(one) != notice.webhook_id(other)
    assert len(body(notice, "https://alerts.example/" + "x" * 300)) < 1024


def accepted(tier: Tier = Tier.RED) -> Alert:
    alert = offered(ANNA, tier=tier)
    return after(alert, steps.accept(alert, ANNA, NOW))


def test_a_red_one_that_was_accepted_is_looked_at_again_after_a_quarter_of_an_hour() -> None:
    alert = offered(ANNA, tier=Tier.RED)
    events = steps.accept(alert, ANNA, NOW)
    (timer,) = timers_after(after(alert, events), events)
    assert (timer.kind, timer.due_at) == (Kind.NO_CONTACT, NOW + timedelta(minutes=15))


def test_an_orange_one_that_was_accepted_does_not_lapse() -> None:
    alert = offered(ANNA)
    events = steps.accept(alert, ANNA, NOW)
    assert timers_after(after(alert, events), events) == []


def test_who_made_no_contact_loses_a_red_one_to_the_outside_route_and_others_are_looked_for() -> None:
    held = accepted()
    events = fire(held, due(held, Kind.NO_CONTACT, ANNA), staff(BEN), True, NOW)
    lapsed = after(held, events)
    assert names(events) == ["Lapsed", "SentOutside"]
    assert (lapsed.state, lapsed.accepted_by) == (State.OUTSIDE, None)
    (look,) = timers_after(lapsed, events)
    assert names(fire(lapsed, look, staff(ANNA, BEN), True, NOW)) == ["Offered"]
    assert [(each.type, each.supporter) for each in notices(lapsed, events)] == [("alert.withdrawn", ANNA)]


def test_who_let_one_lapse_is_not_asked_about_it_again_and_cannot_take_it_back() -> None:
    held = accepted()
    lapsed = after(held, steps.lapse(held, NOW))
    assert eligible(staff(ANNA), lapsed, NOW) == []
    with pytest.raises(Problem):
        steps.accept(lapsed, ANNA, NOW)


def test_contact_that_was_made_holds_it() -> None:
    held = accepted()
    contacted = after(held, steps.record_contact(held, ANNA, NOW))
    assert fire(contacted, due(held, Kind.NO_CONTACT, ANNA), staff(BEN), True, NOW) == ()
