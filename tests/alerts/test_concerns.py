"""Colleagues' concerns, and what the view keeps of a member for the sake of detection."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.alerts.application.holdings import kept_of
from services.alerts.domain.alert import evolve
from services.alerts.domain.eligibility import is_recused
from services.alerts.domain.members import Member
from services.alerts.domain.steps import raise_alert
from services.alerts.views import member_rows
from services.alerts.views.members import SHIPPED, VIEW, Concern
from services.alerts.views.own_days import own_day
from shared.events.alerts import Tier
from shared.events.checkins import (
    CheckInRecorded,
    ConsentChanged,
    Consents,
    DistressFlagged,
    MemberEnrolled,
    MemberErased,
    MemberEvent,
    Sign,
)
from tests.alerts.test_alert_life import staff

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SOMEBODY = Member(uuid4(), known=True, analytics=True, contact=True)
ONE, OTHER, THIRD = (UUID(int=n) for n in (11, 12, 13))


def report(reporter: UUID | None, day: float = 0, *signs: Sign, urgent: bool = False) -> DistressFlagged:
    at = NOW + timedelta(days=day)
    seen = signs or (Sign.GUILT,)
    return DistressFlagged(occurred_at=at, member=SOMEBODY.id, flag=uuid4(), signs=seen, reporter=reporter, urgent=urgent)


def check_in(day: float, mood: int = 4, **values: Any) -> CheckInRecorded:
    at = NOW + timedelta(days=day)
    return CheckInRecorded(occurred_at=at, member=SOMEBODY.id, check_in=uuid4(), recorded_at=at, mood=mood, **values)


def told(member: Member, *events: MemberEvent) -> tuple[Member, list[Concern]]:
    found: list[Concern] = []
    for event in events:
        then, effects = VIEW.fold(member, event)
        assert then is not None
        member = then
        found += [effect for effect in effects if isinstance(effect, Concern)]
    return member, found


def test_one_colleagues_concern_calls_nobody_however_often_it_is_told() -> None:
    _, concerns = told(SOMEBODY, report(ONE), report(ONE, 1), report(ONE, 2))
    assert concerns == []


def test_two_colleagues_are_a_supporter_and_neither_is_asked() -> None:
    _, (concern,) = told(SOMEBODY, report(ONE), report(OTHER, 3, Sign.HOPELESSNESS, Sign.APPEARANCE_CHANGE))
    assert (concern.tier, concern.reporter, concern.other_reporters) == (Tier.ORANGE, OTHER, (ONE,))
    assert [signal.reason for signal in concern.signals] == [
        "Two colleagues are worried; noticed now: hopelessness, a change in how they look."
    ]
    raised = raise_alert(
        concern.alert, concern.member, concern.tier, concern.signals, concern.trigger, OTHER, NOW, concern.other_reporters
    )
    alert, pool = evolve(None, raised), staff(SOMEBODY.id, ONE, OTHER, THIRD)
    assert [is_recused(pool, alert, person) for person in (ONE, OTHER, THIRD)] == [True, True, False]


def test_two_colleagues_need_no_agreement_to_analysis() -> None:
    _, concerns = told(Member(SOMEBODY.id), report(ONE), report(OTHER))
    assert [concern.tier for concern in concerns] == [Tier.ORANGE]


@pytest.mark.parametrize("second", [report(None), report(OTHER, SHIPPED.concern_days)])
def test_what_may_be_the_same_colleague_or_another_matter_calls_nobody(second: DistressFlagged) -> None:
    assert told(SOMEBODY, report(ONE), second)[1] == []


def test_concerns_that_called_for_somebody_are_spent() -> None:
    member, concerns = told(SOMEBODY, report(ONE), report(OTHER, 1), report(THIRD, 2))
    assert len(concerns) == 1
    assert [one.reporter for one in member.reports] == [THIRD]


def test_whoever_reports_without_a_name_doesnt_push_others_out() -> None:
    _, concerns = told(SOMEBODY, report(ONE), *(report(None, n / 100) for n in range(50)), report(OTHER, 1))
    assert [concern.tier for concern in concerns] == [Tier.ORANGE]


@pytest.mark.parametrize("left", [Consents(contact=True), Consents(analytics=True), Consents()])
def test_what_was_kept_for_analysis_is_forgotten_with_either_consent(left: Consents) -> None:
    member, _ = told(SOMEBODY, check_in(0), check_in(1), report(ONE, 1))
    assert member.history.days
    forgotten, _ = told(member, ConsentChanged(occurred_at=NOW, member=member.id, consents=left))
    assert forgotten == Member(member.id, known=True, analytics=left.analytics, contact=left.contact)
    assert told(forgotten, check_in(2))[0] == forgotten


def test_of_an_erased_member_no_day_is_kept() -> None:
    member, _ = told(SOMEBODY, check_in(0), report(ONE))
    assert told(member, MemberErased(occurred_at=NOW, member=member.id))[0] == Member(member.id, known=True, erased=True)


def test_a_member_comes_out_of_a_row_as_they_went_in() -> None:
    days = [check_in(day, 1 + day % 5, energy=3, stress=None if day % 3 else 2) for day in range(40)]
    member, _ = told(SOMEBODY, *days, report(ONE), report(None))
    assert member_rows.member_of(member.id, *member_rows.row_of(member)) == member  # type: ignore[arg-type]


def test_a_day_is_the_members_own() -> None:
    evening = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    assert own_day(evening, "Asia/Tokyo").day == 3
    assert own_day(evening, "America/New_York").day == own_day(evening, "Not/AZone").day == own_day(evening, "../x").day == 2


def test_two_check_ins_of_one_evening_are_one_day_where_the_member_is() -> None:
    enrolled = MemberEnrolled(
        occurred_at=NOW,
        member=SOMEBODY.id,
        team="a",
        timezone="America/New_York",
        languages=("en",),
        consents=Consents(analytics=True, contact=True),
    )
    member, _ = told(Member(SOMEBODY.id), enrolled, check_in(14.5 / 24), check_in(15.5 / 24))
    assert [day.moods for day in member.history.days] == [2]


def test_a_member_is_told_the_days_that_are_kept_and_not_who_is_worried() -> None:
    member, _ = told(SOMEBODY, check_in(0, 4, energy=3, stress=2), report(ONE, 1))
    kept = kept_of(member)
    assert kept["history"]["days"] == [{"date": "2026-03-02", "mood": 4, "energy": 3, "stress": 2}]
    assert kept["reports"] == [NOW + timedelta(days=1)]
    assert str(ONE) not in str(kept)
