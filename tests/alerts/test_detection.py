"""What raises an alert, of which tier, and what doesn't."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.alerts.domain.members import Member
from services.alerts.domain.signals import Signal
from services.alerts.domain.tiers import needs_a_supporter, tier_of
from services.alerts.views.members import SHIPPED, VIEW, Concern, alert_of
from shared.events.alerts import Tier
from shared.events.checkins import (
    CheckInRecorded,
    ConsentChanged,
    Consents,
    DistressFlagged,
    MemberEnrolled,
    MemberErased,
    MemberEvent,
    MemberMoved,
    NoteCategory,
    NoteFinding,
    Sign,
)
from shared.store.erasures import Erased

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SOMEBODY = Member(uuid4(), known=True, analytics=True, contact=True)
ASKING = {NoteCategory.SELF_HARM, NoteCategory.EXPLICIT_REQUEST}
WORST: dict[str, Any] = {"mood": 1, "energy": 1, "stress": 5}


def check_in(member: Member = SOMEBODY, after: timedelta = timedelta(0), mood: int = 3, **values: Any) -> CheckInRecorded:
    at = NOW + after
    return CheckInRecorded(occurred_at=at, member=member.id, check_in=uuid4(), recorded_at=at, mood=mood, **values)


def flag(urgent: bool, reporter: UUID | None = None) -> DistressFlagged:
    return DistressFlagged(
        occurred_at=NOW, member=SOMEBODY.id, flag=uuid4(), signs=(Sign.ANGER,), reporter=reporter, urgent=urgent
    )


def concerns(member: Member | None, *events: MemberEvent) -> list[Concern]:
    found: list[Concern] = []
    for event in events:
        member, effects = VIEW.fold(member, event)
        found += [effect for effect in effects if isinstance(effect, Concern)]
    return found


def test_asking_for_somebody_is_orange_and_needs_no_agreement_to_analysis() -> None:
    (concern,) = concerns(Member(SOMEBODY.id), check_in(wants_contact=True, **WORST))
    assert concern.tier is Tier.ORANGE
    assert [signal.detector for signal in concern.signals] == ["explicit_request"]


def test_asking_on_the_worst_of_days_is_red() -> None:
    (concern,) = concerns(SOMEBODY, check_in(wants_contact=True, **WORST))
    assert concern.tier is Tier.RED
    assert sum(signal.points for signal in concern.signals) == 8


def test_every_cut_off_at_once_is_orange_and_says_why() -> None:
    (concern,) = concerns(SOMEBODY, check_in(**WORST))
    assert concern.tier is Tier.ORANGE
    assert all(signal.reason.endswith(".") for signal in concern.signals)


def test_within_a_day_of_an_alert_what_is_analysed_raises_another_only_where_it_is_red() -> None:
    hour = timedelta(hours=1)
    orange, red = concerns(
        SOMEBODY,
        check_in(**WORST),
        check_in(after=hour, **WORST),
        check_in(after=2 * hour, findings=found("self_harm", weight=6)),
    )
    assert (orange.tier, red.tier) == (Tier.ORANGE, Tier.RED)


@pytest.mark.parametrize("values", [{"mood": 1}, {"mood": 1, "energy": 1}, {"energy": 1, "stress": 5}, {"mood": 2}])
def test_a_bad_day_alone_calls_nobody(values: dict[str, Any]) -> None:
    assert concerns(SOMEBODY, check_in(**values)) == []


def found(*categories: str, weight: float = 3.0) -> tuple[NoteFinding, ...]:
    return tuple(
        NoteFinding(category=NoteCategory(category), rule="en-wish", rules_version=1, weight=weight) for category in categories
    )


def test_words_of_not_wanting_to_live_are_red_by_themselves() -> None:
    (concern,) = concerns(SOMEBODY, check_in(findings=found("self_harm", weight=6)))
    assert concern.tier is Tier.RED
    assert [signal.detector for signal in concern.signals] == ["safety_language"]


def test_words_of_self_harm_that_count_little_call_nobody() -> None:
    assert concerns(SOMEBODY, check_in(findings=found("self_harm", weight=1.5))) == []


@pytest.mark.parametrize("category", [category for category in NoteCategory if category not in ASKING])
def test_one_sign_in_words_calls_nobody(category: NoteCategory) -> None:
    assert concerns(SOMEBODY, check_in(findings=found(category, category))) == []


def test_several_signs_in_words_are_orange_and_named_in_our_own_words() -> None:
    (concern,) = concerns(SOMEBODY, check_in(findings=found("hopelessness", "guilt", "anxiety", "exhaustion")))
    assert concern.tier is Tier.ORANGE
    assert concern.signals[0].reason == "Their note has words of: anxiety, exhaustion, guilt, hopelessness."


def test_asking_in_words_is_an_explicit_request_where_contact_is_agreed_to() -> None:
    (concern,) = concerns(Member(SOMEBODY.id, known=True, contact=True), check_in(findings=found("explicit_request")))
    assert concern.tier is Tier.ORANGE
    assert [signal.detector for signal in concern.signals] == ["explicit_request"]
    assert concerns(Member(SOMEBODY.id, known=True), check_in(findings=found("explicit_request"))) == []


def test_asking_twice_in_one_check_in_is_asking_once() -> None:
    (concern,) = concerns(SOMEBODY, check_in(wants_contact=True, findings=found("explicit_request")))
    assert [signal.detector for signal in concern.signals] == ["explicit_request"]


@pytest.mark.parametrize("missing", ["analytics", "contact"])
def test_words_need_both_agreements(missing: str) -> None:
    member = replace(SOMEBODY, analytics=missing != "analytics", contact=missing != "contact")
    assert concerns(member, check_in(findings=found("self_harm", weight=9))) == []


@pytest.mark.parametrize("missing", ["analytics", "contact"])
def test_cut_offs_need_both_agreements(missing: str) -> None:
    member = replace(SOMEBODY, analytics=missing != "analytics", contact=missing != "contact")
    assert concerns(member, check_in(**WORST)) == []


def test_a_colleagues_urgent_flag_is_red_and_keeps_the_reporter_out() -> None:
    reporter = uuid4()
    (concern,) = concerns(Member(SOMEBODY.id), flag(urgent=True, reporter=reporter))
    assert (concern.tier, concern.reporter) == (Tier.RED, reporter)


def test_a_flag_that_is_not_urgent_calls_nobody_by_itself() -> None:
    assert concerns(SOMEBODY, flag(urgent=False)) == []


def test_cut_offs_raise_no_second_alert_within_a_day() -> None:
    later = [check_in(after=timedelta(hours=hours), **WORST) for hours in (0, 23.9, 24, 47)]
    assert [concern.trigger for concern in concerns(SOMEBODY, *later)] == [later[0].check_in, later[2].check_in]


def test_a_request_raises_its_own_alert_at_any_time() -> None:
    events = [check_in(after=timedelta(minutes=minutes), wants_contact=True) for minutes in range(3)]
    assert len(concerns(SOMEBODY, *events)) == 3


def test_an_event_raises_the_same_alert_at_every_reading() -> None:
    event = check_in(wants_contact=True)
    assert concerns(SOMEBODY, event) == concerns(SOMEBODY, event)
    assert concerns(SOMEBODY, event)[0].alert == alert_of(event.check_in)


def test_an_erased_member_is_asked_for_nothing_any_more() -> None:
    erased, effects = VIEW.fold(SOMEBODY, MemberErased(occurred_at=NOW, member=SOMEBODY.id))
    assert effects == (Erased(SOMEBODY.id, NOW),)
    assert concerns(erased, check_in(wants_contact=True)) == []


def test_an_erased_member_keeps_nothing_but_the_line_to_their_manager() -> None:
    manager = uuid4()
    member = replace(SOMEBODY, manager=manager, languages=("en",), last_alert_at=NOW)
    erased, _ = VIEW.fold(member, MemberErased(occurred_at=NOW, member=SOMEBODY.id))
    assert erased == Member(SOMEBODY.id, known=True, erased=True, manager=manager)


def test_the_view_follows_enrolment_moves_and_consents() -> None:
    id_, first, second = uuid4(), uuid4(), uuid4()
    place: dict[str, Any] = {"occurred_at": NOW, "member": id_, "team": "a", "timezone": "UTC"}
    agreed = Consents(analytics=True)
    member, _ = VIEW.fold(Member(id_), MemberEnrolled(**place, manager=first, languages=("en",), consents=agreed))
    assert member == Member(id_, known=True, manager=first, languages=("en",), analytics=True)
    member, _ = VIEW.fold(member, MemberMoved(**place, manager=second, languages=("de",)))
    member, _ = VIEW.fold(member, ConsentChanged(occurred_at=NOW, member=id_, consents=Consents(contact=True)))
    assert member == Member(id_, known=True, manager=second, languages=("de",), contact=True)


@pytest.mark.parametrize(
    ("points", "tier"),
    [(0, "green"), (1.9, "green"), (2, "yellow"), (3.9, "yellow"), (4, "orange"), (7.9, "orange"), (8, "red"), (20, "red")],
)
def test_points_make_tiers(points: float, tier: str) -> None:
    found = tier_of([Signal("any", points, "Any.")], SHIPPED.tiers)
    assert found == tier
    assert needs_a_supporter(found) is (tier in ("orange", "red"))
