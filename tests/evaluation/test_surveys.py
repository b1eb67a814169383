from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.evaluation.domain import Survey, coarse
from services.evaluation.relay import translate
from shared.events.evaluation import SurveyClosed, SurveyOpened
from tests.evaluation.conftest import Ask, Service
from tests.recognition.without_kafka import NOON

SURVEY = Survey(uuid4(), "phq-4", ("care",), NOON, NOON + timedelta(days=1))


def test_a_survey_takes_answers_from_its_opening_until_its_end() -> None:
    moments = [NOON - timedelta(seconds=1), NOON, SURVEY.closes - timedelta(seconds=1), SURVEY.closes]
    assert [SURVEY.takes_answers(at) for at in moments] == [False, True, True, False]
    assert not SURVEY.as_closed().takes_answers(NOON)


def test_a_survey_without_teams_asks_everybody() -> None:
    assert SURVEY.asks("care")
    assert not SURVEY.asks("kitchen")
    assert Survey(SURVEY.id, "phq-4", (), SURVEY.opens, SURVEY.closes).asks("kitchen")


def test_a_survey_of_one_team_has_no_cells() -> None:
    assert not SURVEY.has_cells
    assert Survey(SURVEY.id, "phq-4", (), SURVEY.opens, SURVEY.closes).has_cells


def test_a_coarse_time_is_the_hour() -> None:
    assert coarse(datetime.fromisoformat("2026-11-18T12:59:59.999999+00:00")) == NOON


async def test_the_instruments_are_for_everybody_to_read(http: httpx.AsyncClient) -> None:
    (phq_4,) = (await http.get("/instruments")).json()["items"]
    assert phq_4["id"] == "phq-4"
    assert [item["id"] for item in phq_4["items"]] == ["item_1", "item_2", "item_3", "item_4"]


async def test_opening_and_closing_are_published(service: Service, ask: Ask, http: httpx.AsyncClient) -> None:
    survey = await ask("care", min_scores=7)
    closed = await http.post(f"/surveys/{survey.id}/close", headers=service.program())
    assert closed.status_code == 200
    public = [translate(event) for _, event in service.store.notifications(0, 10_000)]
    mine = [event for event in public if event is not None and str(event.subject) == survey.id]
    assert [type(event) for event in mine] == [SurveyOpened, SurveyClosed]
    assert isinstance(mine[0], SurveyOpened)
    assert (mine[0].teams, mine[0].min_scores, mine[0].min_comments) == (("care",), 7, 10)


async def test_a_survey_is_closed_once(service: Service, ask: Ask, http: httpx.AsyncClient) -> None:
    survey = await ask("care")
    answers = [await http.post(f"/surveys/{survey.id}/close", headers=service.program()) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert (await http.post(f"/surveys/{uuid4()}/close", headers=service.program())).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"min_scores": 4}, "/min_scores"),
        ({"min_comments": 9}, "/min_comments"),
        ({"instrument": "phq-9"}, "/instrument"),
        ({"closes": "2026-11-01T00:00:00Z"}, "/closes"),
        ({"opens": "9999-12-31T23:59:59-23:59"}, "/opens"),
        ({"opens": "2026-11-18T12:00:00"}, "/opens"),
        ({"audience": {"teams": ["The Care Team"]}}, "/audience/teams/0"),
    ],
)
async def test_a_wrong_field_is_told_by_its_place(
    service: Service, http: httpx.AsyncClient, wrong: dict[str, Any], pointer: str
) -> None:
    body = {"instrument": "phq-4", "audience": {"teams": []}, "opens": NOON.isoformat(), "closes": "2026-12-01T00:00:00Z"}
    answer = await http.post("/surveys", json=body | wrong, headers=service.program())
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_only_evaluators_open_surveys(service: Service, http: httpx.AsyncClient) -> None:
    body = {"instrument": "phq-4", "opens": NOON.isoformat(), "closes": "2026-12-01T00:00:00Z"}
    for role, status in (("evaluator", 201), ("admin", 201), ("member", 403), ("manager", 403), ("ops", 403)):
        assert (await http.post("/surveys", json=body, headers=service.person(uuid4(), role))).status_code == status


async def test_surveys_are_listed_latest_first(service: Service, ask: Ask, http: httpx.AsyncClient) -> None:
    opened = [(await ask("care", opens=f"2026-11-0{day}T00:00:00Z")).id for day in (1, 3, 2)]
    reader = service.person(service.member())
    listed: list[str] = []
    query = {"limit": "3"}
    while query.get("after") != "None":
        answer = (await http.get("/surveys", params=query, headers=reader)).json()
        listed += [item["id"] for item in answer["items"]]
        query["after"] = str(answer["next"])
    assert [survey for survey in listed if survey in opened] == [opened[1], opened[2], opened[0]]
    assert len(listed) == len(set(listed))
    assert UUID((await http.get(f"/surveys/{opened[0]}", headers=reader)).json()["id"]) == UUID(opened[0])
