"""Somebody with the whole database and all of Kafka looks for a team beside a score; and what is told by team adds up."""

from __future__ import annotations

import itertools
from collections import Counter
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.__main__ import all_instruments
from services.evaluation.application.sealing import Seals
from services.evaluation.domain import CellFilled, Sheet, ripe, tally_of
from services.evaluation.domain.results import by_team
from services.evaluation.relay import translate
from shared.kafka.records import record_of
from shared.store.encryption import DataKeys
from shared.store.key_encryption import KeyFile
from tests.evaluation.conftest import Ask, Asking, Service

PHQ_4 = all_instruments()["phq-4"]
FLOOR = 5
TABLES = "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'"


def tables_that_hold(service: Service, text: str) -> set[str]:
    """In any column, as text or as bytes."""
    tables = [row["name"] for row in service.rows(TABLES)]
    found = {table: " ".join(row["all"] for row in service.rows(f'SELECT t::text AS all FROM "{table}" t')) for table in tables}
    return {table for table, everything in found.items() if text in everything or text.encode().hex() in everything}


def records(service: Service) -> str:
    """Everything that Kafka gets."""
    stored = service.store.notifications(0, 100_000)
    public = [(number, event, translate(event)) for number, event in stored]
    return " ".join(str(record_of("evaluation", number, event, out).value) for number, event, out in public if out)


def filled(service: Service, survey: Asking) -> list[CellFilled]:
    stored = [event for _, event in service.store.notifications(0, 100_000)]
    return [event for event in stored if isinstance(event, CellFilled) and event.survey == UUID(survey.id)]


async def drawn_by(survey: Asking, members: list[UUID]) -> list[str]:
    return [(await survey.draw(member)).json()["token"] for member in members]


@pytest.mark.parametrize(("members", "team"), [(1, "alone-there"), (9, "one-of-nine")])
async def test_no_table_and_no_record_names_the_team_of_the_one_who_answered(
    service: Service, ask: Ask, members: int, team: str
) -> None:
    survey = await ask()
    (token,) = await drawn_by(survey, [service.member(team) for _ in range(members)][:1])
    for step in (survey.answer(token, 3, 2, 3, 1), survey.answered("elsewhere", *[1] * 7)):
        assert tables_that_hold(service, team) == {"members", "members_g1"}
        await step
        assert tables_that_hold(service, team) == {"members", "members_g1"}
        service.settle()
        assert tables_that_hold(service, team) == {"members", "members_g1"}
    assert team not in records(service)
    assert [item["n"] for item in await survey.results() if item["n"]] == [8]


async def test_the_one_sheet_of_a_survey_that_names_its_team_is_in_no_event(
    service: Service, ask: Ask, http: httpx.AsyncClient
) -> None:
    survey = await ask("just-us")
    (token,) = await drawn_by(survey, [service.member("just-us")])
    await survey.answer(token, 3, 2, 3, 1)
    service.settle()
    await http.post(f"/surveys/{survey.id}/close", headers=service.program())
    service.settle()
    assert service.rows("SELECT cells FROM tallies WHERE survey = %s", survey.id) == [{"cells": {}}]
    assert service.rows("SELECT * FROM waiting_answers WHERE survey = %s", survey.id) == [], "nobody could ever have seen it"
    stored = [event for _, event in service.store.notifications(0, 100_000)]
    assert not [event for event in stored if getattr(event, "survey", None) == UUID(survey.id)]


async def test_no_waiting_sheet_is_in_the_database_in_the_clear(service: Service, ask: Ask) -> None:
    survey = await ask("c-one", "c-two")
    await survey.answered("c-one", *[7] * 4)
    for _ in range(2):
        for table in ("waiting_answers", "waiting_cells", "token_hashes"):
            assert table not in tables_that_hold(service, "item_1") | tables_that_hold(service, "c-one")
        service.settle()


@pytest.mark.parametrize("teams", [["six"], ["six", "none"]])
async def test_six_answers_of_a_team_are_six(ask: Ask, service: Service, teams: list[str]) -> None:
    survey = await ask(*teams)
    await survey.answered("six", 0, 2, 5, 7, 12, 12)
    service.settle()
    (item,) = [item for item in await survey.results(by="team") if item["team"] == "six"]
    (total,) = await survey.results()
    assert total["n"] == 6
    assert item == total | {"team": "six"}


async def test_four_of_a_team_are_in_the_total_alone(ask: Ask, service: Service) -> None:
    survey = await ask("four", "eight", "nine")
    await survey.answered("four", *[12] * 4)
    await survey.answered("eight", *[1] * 8)
    await survey.answered("nine", *[1] * 9)
    service.settle()
    assert [item["n"] for item in await survey.results()] == [21]
    assert {item["team"]: item["n"] for item in await survey.results(by="team")} == {"four": None, "eight": None, "nine": 9}
    assert "four" not in {event.team for event in filled(service, survey)}


async def test_a_cell_grows_by_as_many_as_the_floor(ask: Ask, service: Service) -> None:
    survey = await ask("growing", "other")
    for new, told in ((5, [5]), (4, [5]), (2, [5, 6]), (1, [5, 6])):
        await survey.answered("growing", *[4] * new)
        service.settle()
        assert [event.n for event in filled(service, survey)] == told
    assert [event.figures["total"] for event in filled(service, survey)] == [20, 24]
    assert len(service.rows("SELECT * FROM waiting_cells WHERE survey = %s", survey.id)) == 1


async def test_who_answer_one_after_the_other_are_told_together_and_nobody_is_left_over(ask: Ask, service: Service) -> None:
    survey = await ask("slow", "other")
    await survey.answered("slow", *[4] * 5)
    service.mixer.mix()
    await survey.answered("slow", 4)
    service.settle()
    assert [event.n for event in filled(service, survey)] == [6]


async def test_a_close_fills_the_cells_that_wait(ask: Ask, service: Service, http: httpx.AsyncClient) -> None:
    survey = await ask("closing", "other")
    await survey.answered("closing", *[4] * 6)
    service.mixer.mix()
    await http.post(f"/surveys/{survey.id}/close", headers=service.program())
    service.settle()
    assert [event.n for event in filled(service, survey)] == [6]


async def test_what_was_never_enough_is_forgotten_at_the_end(ask: Ask, service: Service, http: httpx.AsyncClient) -> None:
    survey = await ask("most", "few")
    await survey.answered("most", *[4] * 6)
    await survey.answered("few", *[4] * 4)
    await http.post(f"/surveys/{survey.id}/close", headers=service.program())
    service.settle()
    assert service.rows("SELECT * FROM waiting_cells WHERE survey = %s", survey.id) == []
    assert [item["n"] for item in await survey.results()] == [10]
    assert [event.team for event in filled(service, survey)] == ["most"]


async def test_sheets_that_wait_for_their_cell_share_a_version(ask: Ask, service: Service) -> None:
    survey = await ask("v-one", "v-two")
    for _ in range(3):
        await survey.answered("v-one", 4)
        await survey.answered("v-two", 4)
        service.settle()
    versions = service.rows("SELECT DISTINCT xmin::text FROM waiting_cells WHERE survey = %s", survey.id)
    assert len(versions) == 1


async def test_a_comment_is_of_another_version_than_the_answer_that_waits_on(ask: Ask, service: Service) -> None:
    survey = await ask("care")
    await survey.answered("care", 4, comments="the rota")
    service.settle()
    shared = "SELECT 1 FROM waiting_comments c JOIN waiting_answers a ON a.xmin = c.xmin WHERE a.survey = %s"
    assert service.rows("SELECT * FROM waiting_answers WHERE survey = %s", survey.id)
    assert service.rows(shared, survey.id) == []


def test_what_is_sealed_tells_its_team_neither_by_its_length_nor_by_coming_again(service: Service) -> None:
    seals, survey = Seals(DataKeys(service.store, KeyFile(service.keys.folder / "kek"))), uuid4()
    sealed = [seals.sheet(survey, Sheet(team, {"item_1": 1})) for team in ("a", "a", "a-much-longer-name")]
    assert len(set(sealed)) == 3
    assert len({len(text) for text in sealed}) == 1
    assert seals.sheet_of(survey, sealed[0]) == Sheet("a", {"item_1": 1})
    assert seals.team_of(survey, b"h", seals.team(survey, b"h", "a")) == "a"


answers = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=30)


@given(st.lists(answers, max_size=6))
def test_no_group_under_the_floor_can_be_derived_from_what_is_shown(mixes: list[list[tuple[str, int]]]) -> None:
    """Nor from what was told by team before: `mixes` are the answers as they come together."""
    waiting: list[Sheet] = []
    everything: list[dict[str, int]] = []
    cells: dict[str, Counter[str]] = {}
    for mix in mixes:
        new = [Sheet(team, {f"item_{number}": score for number in range(1, 5)}) for team, score in mix]
        everything += [sheet.scores for sheet in new]
        enough, waiting = ripe([*waiting, *new], FLOOR)
        for team, sheets in enough.items():
            assert len(sheets) >= FLOOR
            cells[team] = cells.get(team, tally_of(PHQ_4, [])) + tally_of(PHQ_4, [sheet.scores for sheet in sheets])
        shown = [item["n"] for item in by_team(PHQ_4, tally_of(PHQ_4, everything), cells, "abc", FLOOR) if item["n"]]
        for some in itertools.chain.from_iterable(itertools.combinations(shown, count) for count in range(len(shown) + 1)):
            for group in (sum(some), len(everything) - sum(some)):
                assert group == 0 or group >= FLOOR or len(everything) < FLOOR
