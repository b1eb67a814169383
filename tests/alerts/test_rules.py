"""Rule files: what is shipped, and what is wrong in one."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

import services.alerts
from services.alerts.domain.detectors import detect
from services.alerts.domain.members import Member
from services.alerts.domain.rules import RuleSet, WrongRules, read_rules
from services.alerts.domain.tiers import tier_of
from services.alerts.views.members import SHIPPED, VIEW
from shared.events.alerts import Tier
from shared.events.checkins import CheckInRecorded

FILE = Path(services.alerts.__file__).with_name("rules.yaml").read_text()
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SOMEBODY = Member(uuid4(), known=True, analytics=True, contact=True)


def with_cut_offs(**values: int) -> RuleSet:
    return msgspec.structs.replace(SHIPPED, cut_offs=msgspec.structs.replace(SHIPPED.cut_offs, **values))


def check_in(
    mood: int = 3, energy: int | None = None, stress: int | None = None, wants_contact: bool = False
) -> CheckInRecorded:
    return CheckInRecorded(
        occurred_at=NOW,
        member=SOMEBODY.id,
        check_in=uuid4(),
        recorded_at=NOW,
        mood=mood,
        energy=energy,
        stress=stress,
        wants_contact=wants_contact,
    )


FOLDED_BY = {1: "db2d42adff9c473b", 2: "db2d42adff9c473b", 3: "80d10fc0e176eff5"}
"""By version of the view of members: the digest of the rules by which its states are folded. What is here stays as it is."""


def test_changed_rules_come_with_a_higher_version_of_the_view_of_members() -> None:
    digest = sha256(msgspec.json.encode(SHIPPED)).hexdigest()[:16]
    assert FOLDED_BY.get(VIEW.version) == digest, (
        f"these rules aren't those of version {VIEW.version}: raise `version` in services/alerts/views/members.py"
        f" to {max(FOLDED_BY) + 1}, so that the view is built anew, and add {max(FOLDED_BY) + 1}: {digest!r} to FOLDED_BY"
    )


def test_whole_points_stay_whole_so_that_signals_are_stored_as_before() -> None:
    (signal,) = detect(SHIPPED, SOMEBODY, check_in(mood=1))
    assert msgspec.json.encode(signal.points) == b"2"


def test_by_the_shipped_rules_who_asks_for_a_person_is_always_routed() -> None:
    signals = detect(SHIPPED, Member(SOMEBODY.id), check_in(mood=5, wants_contact=True))
    assert tier_of(signals, SHIPPED.tiers) in (Tier.ORANGE, Tier.RED)


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ("grouped_hours: 24", "grouped_days: 1", "unknown field `grouped_days`"),
        ("lowest_mood: 2", "sleeplessness: 2", "unknown field `sleeplessness` - at `$.points`"),
        ("grouped_hours: 24", "", "missing required field `grouped_hours`"),
        ("red: 8", "red: '8'", "got `str` - at `$.tiers.red`"),
        ("red: 8", "red: yes", "got `bool` - at `$.tiers.red`"),
        ("red: 8", "red: .nan", "at `$.tiers.red`"),
        ("red: 8", "red: 4", "yellow < orange < red must hold, here 2, 4, 4"),
        ("yellow: 2", "yellow: 5", "yellow < orange < red must hold, here 5, 4, 8"),
        ("yellow: 2", "yellow: 0", "at `$.tiers.yellow`"),
        ("lowest_mood: 2", "lowest_mood: -1", "at `$.points.lowest_mood`"),
        ("mood_at_most: 1", "mood_at_most: 6", "at `$.cut_offs.mood_at_most`"),
        ("mood_at_most: 1", "mood_at_most: 1.5", "got `float` - at `$.cut_offs.mood_at_most`"),
        ("grouped_hours: 24", "grouped_hours: -1", "at `$.grouped_hours`"),
        ("red: 8", "red: 8\n  red: 9", "`red` is there twice"),
        ("red: 8", "red: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
        ("points:", "points: :", "line"),
        ("points:", "points: &points", "`points` in line 9 is an anchor or alias"),
    ],
)
def test_a_wrong_file_is_told_where_it_is_wrong(line: str, instead: str, said: str) -> None:
    assert line in FILE
    with pytest.raises(WrongRules) as raised:
        read_rules(FILE.replace(line, instead).encode())
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"rules", b"\xff", b"2020-13-45: 1", b"a: &a [*a]", b"[" * 100_000, b"? [a]\n: 1"]
)
def test_what_is_no_rule_file_at_all_is_refused_as_one(text: bytes) -> None:
    with pytest.raises(WrongRules):
        read_rules(text)


def test_mappings_that_are_merged_into_each_other_are_refused_before_any_is_followed() -> None:
    ten_of_each = (f"m{n}: &m{n} {{<<: [{', '.join(10 * [f'*m{n - 1}'])}]}}" for n in range(1, 7))
    with pytest.raises(WrongRules, match="`m0` in line 1 is an anchor or alias"):
        read_rules("\n".join(["m0: &m0 {red: 8}", *ten_of_each]).encode())


def test_a_detector_without_points_is_switched_off() -> None:
    quiet = msgspec.structs.replace(SHIPPED, points=msgspec.structs.replace(SHIPPED.points, lowest_mood=0))
    assert detect(quiet, SOMEBODY, check_in(mood=1)) == ()


@pytest.mark.parametrize(
    ("rules", "event", "reason"),
    [
        (SHIPPED, check_in(mood=1), "Their mood is 1, the lowest of the scale of 1 to 5."),
        (with_cut_offs(mood_at_most=2), check_in(mood=2), "Their mood is 2 on the scale of 1 to 5."),
        (SHIPPED, check_in(energy=1), "Their energy is 1, the lowest of the scale of 1 to 5."),
        (with_cut_offs(energy_at_most=3), check_in(energy=3), "Their energy is 3 on the scale of 1 to 5."),
        (SHIPPED, check_in(stress=5), "Their stress is 5, the highest of the scale of 1 to 5."),
        (with_cut_offs(stress_at_least=4), check_in(stress=4), "Their stress is 4 on the scale of 1 to 5."),
    ],
)
def test_a_cut_off_says_what_was_seen_and_holds_at_its_own_value(rules: RuleSet, event: CheckInRecorded, reason: str) -> None:
    assert [signal.reason for signal in detect(rules, SOMEBODY, event)] == [reason]


@pytest.mark.parametrize("event", [check_in(mood=3), check_in(energy=2), check_in(stress=3), check_in()])
def test_what_lies_beyond_a_cut_off_is_no_signal(event: CheckInRecorded) -> None:
    rules = with_cut_offs(mood_at_most=2, energy_at_most=1, stress_at_least=4)
    assert detect(rules, SOMEBODY, event) == ()
    assert detect(rules, replace(SOMEBODY, analytics=False), check_in(mood=1)) == ()
