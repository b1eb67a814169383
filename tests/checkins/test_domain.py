from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.checkins.domain import (
    CheckIn,
    ConsentsChanged,
    DistressFlag,
    Member,
    MemberErased,
    MemberMoved,
    MemberRenamed,
    Place,
)
from services.checkins.domain.member import Consented
from shared.store.events import PrivateEvent

NOW = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
ADA, BEN = UUID(int=1), UUID(int=2)
NIGHT = Place(team="night", timezone="Europe/Berlin", languages=("de",))
DAY = Place(team="day", manager=BEN, timezone="Europe/Berlin", country="DE", languages=("de", "en"))
NOTHING, EVERYTHING = Consented(), Consented(analytics=True, text=True, contact=True)
ENROLLED = Member.enrol(ADA, b"sealed", NIGHT, NOTHING, NOW)


def ada(*later: PrivateEvent) -> Member:
    member = Member.of([ENROLLED, *later])
    assert member is not None
    return member


def test_without_events_there_is_no_member() -> None:
    assert Member.of([]) is None


def test_a_member_is_where_they_were_enrolled() -> None:
    assert ada() == Member(ADA, 1, NIGHT, NOTHING)


def test_a_change_of_nothing_is_no_event() -> None:
    assert ada().change(NOW, NIGHT, NOTHING) == []
    assert ada().change(NOW, None, None) == []


def test_a_change_of_everything_is_one_event_each_with_versions_in_a_row() -> None:
    changed = ada().change(NOW, DAY, EVERYTHING)
    events = [*changed, ada(*changed).rename(NOW, 4, b"sealed anew")]
    assert [type(event) for event in events] == [MemberMoved, ConsentsChanged, MemberRenamed]
    assert [event.originator_version for event in events] == [2, 3, 4]
    assert ada(*events) == Member(ADA, 4, DAY, EVERYTHING)


def test_an_erased_member_is_remembered_as_erased() -> None:
    gone = ada(ada().erase(NOW))
    assert isinstance(ada().erase(NOW), MemberErased)
    assert gone.erased
    assert gone.version == 2


def test_a_check_in_is_one_event_with_all_that_was_said() -> None:
    check_in = CheckIn(UUID(int=9), ADA, NOW, mood=2, energy=3, stress=4, wants_contact=True)
    event = check_in.record(NOW, b"sealed")
    assert (event.originator_id, event.originator_version, event.member, event.at) == (UUID(int=9), 1, ADA, NOW)
    assert (event.mood, event.energy, event.stress, event.wants_contact, event.note) == (2, 3, 4, True, b"sealed")


def test_a_flag_is_one_event_about_the_member_not_the_reporter() -> None:
    event = DistressFlag(UUID(int=9), ADA, ("guilt", "anger"), reporter=BEN, urgent=True).raise_flag(NOW, None)
    assert (event.originator_id, event.member, event.reporter) == (UUID(int=9), ADA, BEN)
    assert (event.signs, event.urgent, event.note) == (("guilt", "anger"), True, None)


@given(st.lists(st.tuples(st.sampled_from([None, NIGHT, DAY]), st.sampled_from([None, NOTHING, EVERYTHING]))))
def test_any_run_of_changes_leaves_the_member_as_last_told_and_no_version_is_left_out(
    changes: list[tuple[Place | None, Consented | None]],
) -> None:
    events: list[PrivateEvent] = [ENROLLED]
    for place, consents in changes:
        events += ada(*events[1:]).change(NOW, place, consents)
    last = ada(*events[1:])
    assert [event.originator_version for event in events] == list(range(1, len(events) + 1))
    assert last.place == next((place for place, _ in reversed(changes) if place), NIGHT)
    assert last.consents == next((consents for _, consents in reversed(changes) if consents), NOTHING)
