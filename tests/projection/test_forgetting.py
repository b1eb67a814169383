"""Whoever is erased is in no generation of any view: neither in the live one, nor the former, nor one that is being built."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

import services.alerts.stream as of_alerts
import services.evaluation.stream as of_evaluation
import services.recognition.stream as of_recognition
import services.support.stream as of_support
from services.evaluation.__main__ import all_instruments
from shared.events import PublicEvent, recognition
from shared.events.checkins import CheckInRecorded, ConsentChanged, Consents, MemberEnrolled, MemberErased, MemberMoved
from shared.projection import forgetting
from shared.projection.generations import Generations
from shared.projection.states import Cell
from shared.projection.switching import give_up
from shared.projection.tables import Table
from shared.projection.view import View
from shared.store import erasures
from shared.store.erasures import Erased
from shared.store.event_store import EventStore
from shared.tables import WITH_VIEWS
from tests.projection.counting import ADA, BEN, NOW, until_somebody_waits_for

BOSS, OTHER_BOSS = UUID(int=8), UUID(int=9)
HERE = {"occurred_at": NOW, "team": "care", "timezone": "Europe/Brussels", "languages": ("nl",)}
ALL = Consents(analytics=True, text=True, contact=True)
VIEWS: dict[str, tuple[View[Any], ...]] = {
    "alerts": of_alerts.VIEWS,
    "recognition": of_recognition.VIEWS,
    "evaluation": of_evaluation.views_of(all_instruments()),
    "support": of_support.VIEWS,
}
PERSONAL = {f"{service} {view.name}": view for service, views in VIEWS.items() for view in views if view.subject}
EMPTY = (None, False, "", "UTC")
STAYS = "alerts members"
"""Their line to a manager: without it their reports' chain would be unknown."""
GENERATIONS = (1, 2, 12)


def said_of(view: View[Any], member: UUID) -> list[PublicEvent]:
    if view.name == "kudos_per_day":
        kudos = {"kudos": uuid4(), "giver": member, "receivers": (BOSS,), "category": recognition.Category.COPED}
        return [recognition.KudosGiven(occurred_at=NOW, **kudos)]
    return [
        MemberEnrolled(member=member, manager=BOSS, consents=ALL, **HERE),
        CheckInRecorded(occurred_at=NOW, member=member, check_in=uuid4(), recorded_at=NOW, mood=1, wants_contact=True),
    ]


def folded(view: View[Any], events: Sequence[PublicEvent], state: Any = None) -> Any:
    for event in events:
        state, _ = view.fold(state, event)
    return state


@pytest.fixture(params=PERSONAL)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def view(name: str) -> View[Any]:
    return PERSONAL[name]


@pytest.fixture
def store(new_database: Callable[[], str], view: View[Any]) -> Iterator[EventStore]:
    """Three generations, of which each has Ada and Ben."""
    with EventStore("forgetting", new_database(), WITH_VIEWS) as store:
        Generations("reader", [view]).prepare(store)
        for generation in GENERATIONS:
            filled(store, Table(view, generation))
        yield store


def filled(store: EventStore, table: Table[Any]) -> None:
    with store.transaction() as cursor:
        table.create(cursor)
        for member in (ADA, BEN):
            events = said_of(table.view, member)
            cell = Cell(table.view.key_of(events[0]) or ())
            cell.state = folded(table.view, events)
            table.write(cursor, [cell])


def erase(store: EventStore, view: View[Any], *members: UUID) -> None:
    gone = [Erased(member, NOW) for member in members]
    store.record((), [erasures.put(gone, NOW), forgetting.forget(members, [view])])


def rows(store: EventStore, table: str) -> dict[UUID, dict[str, Any]]:
    with store.transaction() as cursor:
        cursor.execute(f"SELECT * FROM {table}".encode())
        return {next(iter(row.values())): row for row in cursor}


def test_the_views_that_say_nothing_of_a_member_are_known() -> None:
    assert {view.name for views in VIEWS.values() for view in views if not view.subject} == {"tallies"}


def test_no_generation_has_a_row_of_who_was_erased_and_others_stay(store: EventStore, name: str, view: View[Any]) -> None:
    before = rows(store, f"{view.name}_g1")
    erase(store, view, ADA)
    for generation in GENERATIONS:
        found = rows(store, f"{view.name}_g{generation}")
        assert found.pop(BEN) == before[BEN]
        said = [{column: value for column, value in row.items() if value not in EMPTY} for row in found.values()]
        assert said == ([{"member": ADA, "known": True, "manager": BOSS}] if name == STAYS else [])


@pytest.mark.parametrize("name", [name for name in PERSONAL if name.endswith(" members")])
def test_with_the_events_up_to_the_erasure_a_former_generation_comes_to_what_the_live_one_is(
    store: EventStore, view: View[Any]
) -> None:
    rest = [
        ConsentChanged(occurred_at=NOW, member=ADA, consents=ALL),
        MemberMoved(member=ADA, manager=OTHER_BOSS, **HERE),
        MemberErased(occurred_at=NOW, member=ADA),
    ]
    erase(store, view, ADA)
    with store.transaction() as cursor:
        here = Table(view, 2).load(cursor, [(ADA,)])[ADA,]
    assert folded(view, rest, here) == folded(view, [*said_of(view, ADA), *rest])


def test_of_a_generation_with_columns_of_another_release_the_row_goes(store: EventStore, view: View[Any]) -> None:
    columns = {**view.columns, "notes": "text"}
    other = Table(replace(view, columns=columns, to_row=lambda state: (*view.to_row(state), "of before")), 13)
    filled(store, other)
    erase(store, view, ADA)
    assert rows(store, other.name).keys() == {BEN}


def test_an_erasure_waits_for_who_is_dropping_a_generation(store: EventStore, view: View[Any]) -> None:
    with ThreadPoolExecutor(1) as beside:
        with store.transaction() as cursor:
            give_up(cursor, "reader", Table(view, 2))
            erasing = beside.submit(erase, store, view, ADA)
            until_somebody_waits_for(cursor)
        erasing.result()
    assert [len(rows(store, f"{view.name}_g{generation}")) for generation in (1, 12)] == [len(rows(store, view.name))] * 2
