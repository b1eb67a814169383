from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from cryptography.exceptions import InvalidTag

from services.evaluation.application import Seals
from services.evaluation.domain import AnswerSubmitted, CommentLeft, SurveyClosed
from services.evaluation.relay import translate
from shared.events.evaluation import SurveyAnswered
from shared.store.encryption import DataKeys
from shared.store.event_store import Conflict
from shared.store.key_encryption import KeyFile
from tests.evaluation.conftest import Ask, Asking, Service
from tests.recognition.without_kafka import NOON

SECRET = "the rota is the problem"


def submitted(service: Service, survey: Asking) -> list[AnswerSubmitted]:
    stored = [event for _, event in service.store.notifications(0, 100_000)]
    return [event for event in stored if isinstance(event, AnswerSubmitted) and event.survey == UUID(survey.id)]


async def test_an_answer_is_stored_when_its_sender_is_told_so(service: Service, ask: Ask) -> None:
    survey = await ask("care")
    await survey.answered("care", 3)
    assert len(service.rows("SELECT * FROM waiting_answers WHERE survey = %s", survey.id)) == 1
    assert submitted(service, survey) == []


async def test_answers_become_events_in_another_order_at_a_coarse_hour(service: Service, ask: Ask) -> None:
    survey = await ask("care")
    service.clock.now = NOON + timedelta(minutes=41, seconds=7)
    totals = [*range(13)] * 3
    await survey.answered("care", *totals)
    service.mixer.mix()
    events = submitted(service, survey)
    assert sorted(sum(event.scores.values()) for event in events) == sorted(totals)
    assert [sum(event.scores.values()) for event in events] != totals
    assert {event.at for event in events} == {NOON}
    assert service.rows("SELECT * FROM waiting_answers WHERE survey = %s", survey.id) == []


async def test_what_is_published_names_nobody_and_holds_no_comment(service: Service, ask: Ask) -> None:
    survey = await ask("care")
    await survey.answered("care", *[4] * 10, comments=SECRET)
    service.mixer.mix()
    (event, *_) = submitted(service, survey)
    public = translate(event)
    assert isinstance(public, SurveyAnswered)
    assert set(public.model_dump()) == {"survey", "answer", "scores", "occurred_at"}
    comments = [event for _, event in service.store.notifications(0, 100_000) if isinstance(event, CommentLeft)]
    assert comments
    assert {translate(comment) for comment in comments} == {None}


async def test_a_survey_s_first_answers_wait_until_they_are_enough(service: Service, ask: Ask) -> None:
    survey = await ask("care")
    for new, moved in ((4, 0), (2, 6), (1, 7)):
        await survey.answered("care", *[4] * new)
        service.mixer.mix()
        assert len(submitted(service, survey)) == moved


async def test_closing_takes_along_what_still_waits(service: Service, ask: Ask, http: httpx.AsyncClient) -> None:
    survey = await ask("care")
    await survey.answered("care", 1, 2, 3, 4, 5)
    closed = await http.post(f"/surveys/{survey.id}/close", headers=service.program())
    stored = [event for _, event in service.store.notifications(0, 100_000)]
    assert [type(event) for event in stored[-6:]] == [AnswerSubmitted] * 5 + [SurveyClosed]
    service.hearing.own()
    (item,) = await survey.results(at_least=closed.headers["X-Position"])
    assert (item["n"], item["mean"]) == (5, 3.0)


async def test_comments_wait_until_there_are_enough_to_hide_among(service: Service, ask: Ask, http: httpx.AsyncClient) -> None:
    survey, url = await ask("care"), "/surveys/{}/comments"
    reader = service.person(service.member("care"), "evaluator")
    await survey.answered("care", *[2] * 9, comments=SECRET)
    service.mixer.mix()
    before = (await http.get(url.format(survey.id), headers=reader)).json()
    assert before == {"items": [], "next": None, "suppressed": "fewer than 10 people commented"}
    assert service.rows("SELECT * FROM comments WHERE survey = %s", survey.id) == []
    await survey.answered("care", 2, comments=SECRET)
    service.mixer.mix()
    after = (await http.get(url.format(survey.id), headers=reader)).json()
    assert [item["text"] for item in after["items"]] == [SECRET] * 10


async def test_comments_of_a_survey_that_is_over_are_shown_only_from_enough_people(
    service: Service, ask: Ask, http: httpx.AsyncClient
) -> None:
    survey = await ask("care")
    await survey.answered("care", *[2] * 9, comments=SECRET)
    service.clock.now = NOON + timedelta(days=8)
    service.mixer.mix()
    assert len(service.rows("SELECT * FROM comments WHERE survey = %s", survey.id)) == 9
    answer = await http.get(f"/surveys/{survey.id}/comments", headers=service.program())
    assert answer.json()["items"] == []


async def test_comments_are_for_evaluators_not_for_managers(service: Service, ask: Ask, http: httpx.AsyncClient) -> None:
    survey = await ask("care")
    for role, status in (("evaluator", 200), ("clinical_lead", 200), ("manager", 403), ("member", 403), ("ops", 403)):
        headers = service.person(service.member("care"), role)
        assert (await http.get(f"/surveys/{survey.id}/comments", headers=headers)).status_code == status


async def test_no_comment_is_in_the_database_in_the_clear(service: Service, ask: Ask) -> None:
    survey = await ask("care")
    await survey.answered("care", *[2] * 11, comments=SECRET)
    tables = ("waiting_comments", "comments", "evaluation_events", "waiting_answers")
    for moment in ("waiting", "moved"):
        everything = " ".join(str(row) for table in tables for row in service.rows(f"SELECT t::text FROM {table} t"))
        assert SECRET not in everything, moment
        assert SECRET.encode().hex() not in everything, moment
        service.mixer.mix()


async def test_waiting_comments_share_a_version_when_scores_have_moved(service: Service, ask: Ask) -> None:
    survey = await ask("care")
    await survey.answered("care", *[2] * 5, comments=SECRET)
    versions = "SELECT DISTINCT xmin::text FROM waiting_comments WHERE survey = %s"
    assert len(service.rows(versions, survey.id)) == 5
    service.mixer.mix()
    assert len(service.rows(versions, survey.id)) == 1


async def test_two_mixers_at_once_move_every_answer_once(service: Service, ask: Ask) -> None:
    survey = await ask("care")
    await survey.answered("care", *[6] * 40)
    outcomes = await asyncio.gather(*[asyncio.to_thread(service.mixer.mix) for _ in range(2)], return_exceptions=True)
    assert not [outcome for outcome in outcomes if outcome and not isinstance(outcome, Conflict)]
    assert len(submitted(service, survey)) == 40


async def test_a_running_mixer_moves_what_comes(service: Service, ask: Ask) -> None:
    survey = await ask("care")
    running = asyncio.create_task(service.mixer.run(0.01))
    await survey.answered("care", *[6] * 5)
    async with asyncio.timeout(5):
        while len(submitted(service, survey)) < 5:
            await asyncio.to_thread(service.store.postgres.max_notification_id)
    running.cancel()


async def test_a_survey_has_its_keys_before_anybody_comments(service: Service, ask: Ask) -> None:
    """A key's row that came with the first comment would be of a version next to its answer's."""
    survey = await ask("care")
    query = "SELECT name, xmin::text FROM data_keys WHERE name LIKE %s ORDER BY name"
    opened = service.rows(query, f"%{survey.id}")
    assert [row["name"] for row in opened] == [f"comments of {survey.id}", f"sheets of {survey.id}"]
    await survey.answered("care", *[4] * 10, comments=SECRET)
    service.settle()
    assert service.rows(query, f"%{survey.id}") == opened


async def test_a_comment_is_sealed_anew_for_its_own_event_and_opens_in_no_others_place(service: Service, ask: Ask) -> None:
    survey = await ask("care")
    await survey.answered("care", *[4] * 10, comments=SECRET)
    waited = {bytes(row["text"]) for row in service.rows("SELECT text FROM waiting_comments WHERE survey = %s", survey.id)}
    service.settle()
    moved = service.rows("SELECT id, text FROM comments WHERE survey = %s", survey.id)
    assert not waited & {bytes(row["text"]) for row in moved}
    seals = Seals(DataKeys(service.store, KeyFile(service.keys.folder / "kek")))
    one, other = moved[:2]
    assert seals.comment(UUID(survey.id), one["id"], bytes(one["text"])) == SECRET
    with pytest.raises(InvalidTag):
        seals.comment(UUID(survey.id), other["id"], bytes(one["text"]))
