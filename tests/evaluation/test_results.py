from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from tests.evaluation.conftest import Ask, Service

REASON = "fewer than 5 answers"


async def test_results_are_what_was_answered(service: Service, ask: Ask) -> None:
    survey = await ask("r-all")
    await survey.answered("r-all", 0, 2, 5, 7, 12, 12)
    service.settle()
    (item,) = await survey.results()
    assert (item["n"], item["mean"], item["suppressed"]) == (6, 38 / 6, None)
    assert item["bands"] == {"normal": 2, "mild": 1, "moderate": 1, "severe": 2}
    assert item["subscales"]["anxiety"]["positive"] == 4
    assert item["subscales"]["depression"]["share"] == 2 / 6


async def test_under_five_answers_nothing_is_shown(service: Service, ask: Ask) -> None:
    survey = await ask("r-few")
    await survey.answered("r-few", 1, 2, 3, 4)
    service.settle()
    (item,) = await survey.results()
    assert item == {"n": None, "mean": None, "bands": None, "subscales": None, "suppressed": REASON}
    assert (await survey.results(by="team"))[0]["n"] is None
    await survey.answered("r-few", 5)
    service.settle()
    assert (await survey.results())[0]["n"] == 5


async def test_a_survey_may_ask_for_a_higher_floor(service: Service, ask: Ask) -> None:
    survey = await ask("r-floor", min_scores=7)
    await survey.answered("r-floor", *[1] * 6)
    service.settle()
    assert (await survey.results())[0]["suppressed"] == "fewer than 7 answers"


async def test_a_lone_small_team_hides_the_next_smallest(service: Service, ask: Ask) -> None:
    survey = await ask("r-a", "r-b", "r-c")
    await survey.answered("r-a", *[1] * 8)
    await survey.answered("r-b", *[2] * 6)
    await survey.answered("r-c", *[3] * 2)
    service.settle()
    shown = {item["team"]: item["n"] for item in await survey.results(by="team")}
    assert shown == {"r-a": 8, "r-b": None, "r-c": None}
    reasons = {item["suppressed"] for item in await survey.results(by="team") if item["n"] is None}
    assert len(reasons) == 1, "which of the two is small is not told"
    assert (await survey.results())[0]["n"] == 16


async def test_answers_of_teams_too_small_to_be_cells_are_in_the_total_and_can_t_be_derived(service: Service, ask: Ask) -> None:
    survey = await ask("r-big", "r-mid", "r-tiny")
    await survey.answered("r-big", *[1] * 8)
    await survey.answered("r-mid", *[2] * 6)
    for _ in range(3):
        token = (await survey.draw(service.member("r-tiny"))).json()["token"]
        await survey.answer(token, 3, 3, 3, 3)
    service.settle()
    assert (await survey.results())[0]["n"] == 17
    shown = {item["team"]: item["n"] for item in await survey.results(by="team")}
    assert shown == {"r-big": 8, "r-mid": None, "r-tiny": None}


async def test_who_evaluates_and_who_was_asked_reads_results(service: Service, ask: Ask, http: httpx.AsyncClient) -> None:
    survey, url = await ask("r-mine"), "/surveys/{}/results"
    asked, other = service.person(service.member("r-mine")), service.person(service.member("r-other"))
    for headers, status in ((asked, 200), (other, 403), (service.program(), 200), ({}, 401)):
        assert (await http.get(url.format(survey.id), headers=headers)).status_code == status
    for role, status in (("manager", 200), ("clinical_lead", 200), ("admin", 200), ("ops", 403), ("supporter", 403)):
        reader = service.person(uuid4(), role)
        assert (await http.get(url.format(survey.id), headers=reader)).status_code == status


@pytest.mark.parametrize("query", [{"by": "member"}, {"at_least": "nonsense"}])
async def test_a_wrong_query_is_told(service: Service, ask: Ask, http: httpx.AsyncClient, query: dict[str, str]) -> None:
    survey = await ask("care")
    answer = await http.get(f"/surveys/{survey.id}/results", params=query, headers=service.program())
    assert answer.status_code == 422


async def test_a_survey_there_is_not_is_told(service: Service, http: httpx.AsyncClient) -> None:
    for place in ("results", "comments"):
        assert (await http.get(f"/surveys/{uuid4()}/{place}", headers=service.program())).status_code == 404
