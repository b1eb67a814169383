"""Two rule sets over one history: which alerts differ, and what is told of them."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from services.alerts.application.what_if import Outcome, Pair, Span, WhatIf, totals_of
from services.alerts.application.what_if_report import Report, json_lines, show
from services.alerts.domain.rules import RuleSet, Thresholds
from services.alerts.views.members import SHIPPED, alert_of
from shared.events import PublicEvent
from shared.events.checkins import CheckInRecorded, Consents, DistressFlagged, MemberEnrolled, MemberErased, Sign
from shared.events.evaluation import SurveyAnswered

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MEMBER = UUID(int=1)
BOTH = Consents(analytics=True, contact=True)
ENROLLED = MemberEnrolled(occurred_at=NOW, member=MEMBER, team="a", timezone="UTC", languages=("en",), consents=BOTH)
WORST: dict[str, Any] = {"mood": 1, "energy": 1, "stress": 5}


def with_tiers(yellow: float = 2, orange: float = 4, red: float = 8) -> RuleSet:
    return msgspec.structs.replace(SHIPPED, tiers=Thresholds(yellow, orange, red))


def with_points(**points: float) -> RuleSet:
    return msgspec.structs.replace(SHIPPED, points=msgspec.structs.replace(SHIPPED.points, **points))


def check_in(hours: float = 0, mood: int = 3, **values: Any) -> CheckInRecorded:
    at = NOW + timedelta(hours=hours)
    return CheckInRecorded(occurred_at=at, member=MEMBER, check_in=uuid4(), recorded_at=at, mood=mood, **values)


def compared(changed: RuleSet, *events: PublicEvent, reported: Span | None = None) -> list[Pair]:
    what_if = WhatIf(SHIPPED, changed, reported or Span())
    what_if.take((ENROLLED, *events))
    return what_if.pairs()


def outcomes(changed: RuleSet, *events: CheckInRecorded, reported: Span | None = None) -> list[Outcome | None]:
    """Of each check-in's alert; None where neither raises one."""
    found = {pair.alert: pair.outcome for pair in compared(changed, *events, reported=reported)}
    return [found.get(alert_of(event.check_in)) for event in events]


def test_the_same_rules_differ_in_nothing() -> None:
    assert outcomes(SHIPPED, check_in(), check_in(wants_contact=True), check_in(**WORST)) == [None, Outcome.SAME, None]


def test_a_lower_threshold_raises_what_today_calls_nobody_for() -> None:
    (pair,) = compared(with_tiers(yellow=1, orange=2), check_in(mood=1))
    assert (pair.outcome, pair.before) == (Outcome.ONLY_CHANGED, None)
    assert pair.after
    assert [signal.detector for signal in pair.after.signals] == ["lowest_mood"]


def test_fewer_points_no_longer_raise() -> None:
    assert outcomes(with_points(lowest_mood=1), check_in(**WORST)) == [Outcome.ONLY_TODAY]


def test_another_threshold_may_only_change_the_tier() -> None:
    (pair,) = compared(with_tiers(red=9), check_in(wants_contact=True, **WORST))
    assert pair.outcome is Outcome.TIER_CHANGED
    assert pair.before
    assert pair.after
    assert (pair.before.tier, pair.after.tier) == ("red", "orange")


def test_each_rule_set_groups_by_its_own_alerts() -> None:
    """What only the changed rules raise in the morning takes the alert of the afternoon with it."""
    early, late = check_in(mood=1), check_in(hours=6, **WORST)
    assert outcomes(with_tiers(yellow=1, orange=2), early, late) == [Outcome.ONLY_CHANGED, Outcome.ONLY_TODAY]


def test_the_window_is_a_rule_too() -> None:
    days = [check_in(hours=24 * day, **WORST) for day in range(3)]
    longer = msgspec.structs.replace(SHIPPED, grouped_hours=36)
    assert outcomes(longer, *days) == [Outcome.SAME, Outcome.ONLY_TODAY, Outcome.SAME]


def test_a_span_limits_what_is_reported_and_not_what_is_folded() -> None:
    days = [check_in(hours=24 * day, **WORST) for day in range(3)]
    longer = msgspec.structs.replace(SHIPPED, grouped_hours=36)
    second = Span(NOW + timedelta(hours=24), NOW + timedelta(hours=48))
    assert outcomes(longer, *days, reported=second) == [None, Outcome.ONLY_TODAY, None]


def test_an_alert_that_is_told_of_twice_counts_once() -> None:
    event = check_in(wants_contact=True)
    assert len(compared(SHIPPED, event, event)) == 1


def test_who_was_erased_is_asked_about_by_no_rules() -> None:
    gone = MemberErased(occurred_at=NOW, member=MEMBER)
    assert compared(with_tiers(yellow=1, orange=2), gone, check_in(wants_contact=True)) == []


def test_what_is_no_members_event_is_passed_over() -> None:
    answered = SurveyAnswered(occurred_at=NOW, survey=uuid4(), answer=uuid4(), scores={})
    assert compared(SHIPPED, answered) == []


def report(changed: RuleSet, *events: PublicEvent) -> Report:
    return Report(compared(changed, *events), len(events) + 1, 0)


def test_a_line_for_each_alert_that_differs_and_the_totals_last() -> None:
    request, worst, bad = check_in(wants_contact=True), check_in(hours=48, wants_contact=True, **WORST), check_in(96, mood=1)
    lines = [json.loads(line) for line in json_lines(report(with_tiers(yellow=1, orange=2, red=9), request, worst, bad))]
    assert [(line["alert"], line["outcome"]) for line in lines[:-1]] == [
        (str(alert_of(worst.check_in)), "tier_changed"),
        (str(alert_of(bad.check_in)), "only_changed"),
    ]
    assert lines[1] | {"alert": ""} == {
        "alert": "",
        "outcome": "only_changed",
        "tier_before": None,
        "signals_before": [],
        "tier_after": "orange",
        "signals_after": [{"detector": "lowest_mood", "points": 2}],
    }
    assert lines[-1] == {
        "totals": {
            "events": 4,
            "left_out": 0,
            "today": {"orange": 1, "red": 1},
            "changed": {"orange": 3, "red": 0},
            "same": {"orange": 1, "red": 0},
            "only_today": {"orange": 0, "red": 0},
            "only_changed": {"orange": 1, "red": 0},
            "tier_changed": [{"before": "red", "after": "orange", "alerts": 1}],
        }
    }


def test_neither_form_says_whom_an_alert_is_about_who_reported_it_or_why_in_words() -> None:
    reporter = uuid4()
    flag = DistressFlagged(occurred_at=NOW, member=MEMBER, flag=uuid4(), signs=(Sign.ANGER,), reporter=reporter, urgent=True)
    told = report(with_points(urgent_flag=1), flag, check_in(mood=1, hours=1))
    screen = Console(file=StringIO(), width=200)
    show(told, screen)
    assert isinstance(screen.file, StringIO)
    for text in (screen.file.getvalue(), "\n".join(json_lines(told))):
        assert str(alert_of(flag.flag)) in text
        assert not any(word in text for word in (str(MEMBER), str(reporter), str(flag.flag), "worried"))


@pytest.mark.parametrize(("alerts", "told"), [(50, False), (53, True)])
def test_the_table_says_how_many_it_does_not_show(alerts: int, told: bool) -> None:
    screen = Console(file=StringIO(), width=200)
    show(report(with_points(explicit_request=0), *(check_in(wants_contact=True) for _ in range(alerts))), screen)
    assert isinstance(screen.file, StringIO)
    assert ("... and 3 more" in screen.file.getvalue()) is told


RULES = st.builds(
    lambda mood, request, tiers, hours: msgspec.structs.replace(
        with_points(lowest_mood=mood, explicit_request=request), tiers=Thresholds(*sorted(tiers)), grouped_hours=hours
    ),
    st.integers(0, 9),
    st.integers(0, 9),
    st.lists(st.integers(1, 12), min_size=3, max_size=3, unique=True),
    st.integers(0, 72),
)
DAYS = st.lists(st.builds(check_in, st.floats(0, 500), st.integers(1, 5), wants_contact=st.booleans()), max_size=12)


@given(RULES, RULES, DAYS)
def test_every_alert_is_in_one_of_the_counts_and_the_other_way_round_mirrors_it(
    one: RuleSet, other: RuleSet, events: list[CheckInRecorded]
) -> None:
    there, back = WhatIf(one, other), WhatIf(other, one)
    there.take((ENROLLED, *events))
    back.take((ENROLLED, *events))
    totals, mirrored = totals_of(there.pairs()), totals_of(back.pairs())
    assert totals.today.total() == (totals.same + totals.only_today).total() + totals.tier_changed.total()
    assert totals.changed.total() == (totals.same + totals.only_changed).total() + totals.tier_changed.total()
    assert (totals.today, totals.only_today, totals.same) == (mirrored.changed, mirrored.only_changed, mirrored.same)
    assert totals.tier_changed == {(b, a): n for (a, b), n in mirrored.tier_changed.items()}
