from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from services.evaluation.__main__ import all_instruments
from services.evaluation.application.blind_tokens import SMALLEST_BATCH, hash_of
from services.evaluation.stream import EvaluationReader
from shared.kafka.reapplied import apply
from shared.store.erasures import Erased
from tests.evaluation.conftest import RESOURCES, Ask, Service
from tests.recognition.without_kafka import NOON, erased, moved


async def test_a_member_draws_one_token(service: Service, ask: Ask) -> None:
    survey, ann = await ask("care"), service.member("care")
    first, again = await survey.draw(ann), await survey.draw(ann)
    assert (first.status_code, again.status_code) == (201, 409)
    assert first.json().keys() == {"token"}
    assert "X-Position" not in first.headers


async def test_one_of_many_draws_at_once_gets_the_token(service: Service, ask: Ask) -> None:
    survey, ann = await ask("care"), service.member("care")
    answers = await asyncio.gather(*(survey.draw(ann) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


async def test_many_draw_at_once_and_each_gets_their_own(service: Service, ask: Ask) -> None:
    survey, members = await ask("many"), [service.member("many") for _ in range(2 * SMALLEST_BATCH + 1)]
    answers = await asyncio.gather(*(survey.draw(member) for member in members))
    assert len({answer.json()["token"] for answer in answers}) == len(members)
    assert {(await survey.draw(member)).status_code for member in members} == {409}


async def test_a_member_draws_in_every_survey(service: Service, ask: Ask) -> None:
    ann = service.member("care")
    tokens = {(await (await ask("care")).draw(ann)).json()["token"] for _ in range(3)}
    assert len(tokens) == 3


async def test_only_a_member_of_the_audience_draws(service: Service, ask: Ask, http: httpx.AsyncClient) -> None:
    survey = await ask("care")
    assert (await survey.draw(service.member("kitchen"))).status_code == 403
    unknown = await survey.draw(uuid4())
    assert (unknown.status_code, unknown.headers["Retry-After"]) == (404, "1")
    assert (await http.post(f"/surveys/{survey.id}/tokens", headers=service.program())).status_code == 403
    assert (await http.post(f"/surveys/{survey.id}/tokens")).status_code == 401
    gone = service.member("care")
    service.hearing.from_checkins(erased(gone))
    forgotten = await survey.draw(gone)
    assert (forgotten.status_code, "Retry-After" in forgotten.headers) == (404, False)


async def test_no_token_is_drawn_outside_the_survey_s_time(service: Service, ask: Ask) -> None:
    survey, ann = await ask("care"), service.member("care")
    service.clock.now = NOON + timedelta(days=8)
    assert (await survey.draw(ann)).status_code == 409


async def test_who_lost_the_answer_gets_the_same_token_for_the_same_key(service: Service, ask: Ask) -> None:
    survey, ann, bob = await ask("care"), service.member("care"), service.member("care")
    key = {"Idempotency-Key": str(uuid4())}
    first, again = await survey.draw(ann, **key), await survey.draw(ann, **key)
    assert (first.content, first.status_code) == (again.content, again.status_code)
    assert (await survey.draw(ann, **{"Idempotency-Key": str(uuid4())})).status_code == 409
    assert (await survey.draw(bob, **key)).json()["token"] != first.json()["token"], "a key is one caller's"


async def test_many_draws_at_once_with_one_key_get_one_token(service: Service, ask: Ask) -> None:
    survey, ann = await ask("care"), service.member("care")
    key = {"Idempotency-Key": str(uuid4())}
    answers = await asyncio.gather(*(survey.draw(ann, **key) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["token"] for answer in answers}) == 1
    assert (await survey.answer(answers[0].json()["token"], 0, 0, 0, 0)).status_code == 201


async def test_what_is_kept_for_a_retry_is_opened_by_its_key_alone(service: Service, ask: Ask) -> None:
    survey, ann = await ask("care"), service.member("care")
    key = str(uuid4())
    token = (await survey.draw(ann, **{"Idempotency-Key": key})).json()["token"]
    kept = service.rows("SELECT k::text FROM kept_draws k UNION ALL SELECT a::text FROM idempotent_answers a")
    everything = " ".join(row["k"] for row in kept)
    for secret in (token, key, str(ann), hash_of(token).hex()):
        assert secret not in everything
        assert secret.encode().hex() not in everything


async def test_a_token_is_used_once_and_every_answer_points_to_help(service: Service, ask: Ask) -> None:
    survey = await ask("care")
    token = (await survey.draw(service.member("care"))).json()["token"]
    first, again = await survey.answer(token, 0, 0, 0, 0), await survey.answer(token, 3, 3, 3, 3)
    assert (first.status_code, first.json()) == (201, {"resources_url": RESOURCES})
    assert again.status_code == 403
    assert "X-Position" not in first.headers


async def test_one_of_many_answers_at_once_with_one_token_counts(service: Service, ask: Ask) -> None:
    survey = await ask("care")
    token = (await survey.draw(service.member("care"))).json()["token"]
    answers = await asyncio.gather(*(survey.answer(token, 1, 1, 1, 1) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [403] * 9


async def test_a_wrong_token_and_another_survey_s_token_are_refused_alike(service: Service, ask: Ask) -> None:
    survey, other = await ask("care"), await ask("care")
    strange = (await other.draw(service.member("care"))).json()["token"]
    wrong, borrowed = await survey.answer("wrong", 0, 0, 0, 0), await survey.answer(strange, 0, 0, 0, 0)
    assert (wrong.status_code, wrong.content) == (borrowed.status_code, borrowed.content)
    assert wrong.status_code == 403
    assert (await other.answer(strange, 0, 0, 0, 0)).status_code == 201, "nothing was used up"


async def test_a_wrong_answer_doesn_t_use_up_its_token(service: Service, ask: Ask) -> None:
    survey = await ask("care")
    token = (await survey.draw(service.member("care"))).json()["token"]
    short = await survey.answer(token, 0, 0, 0)
    assert (short.status_code, short.json()["errors"][0]["pointer"]) == (422, "/answers/item_4")
    assert (await survey.answer(token, 0, 0, 0, 4)).json()["errors"][0]["pointer"] == "/answers/item_4"
    assert (await survey.answer(token, 0, 0, 0, 0, comments="fine")).status_code == 201


@pytest.mark.parametrize("comments", ["\0 fine", ["fine", "not\0fine"]])
async def test_a_comment_with_a_nul_is_refused_and_uses_up_no_token(
    service: Service, ask: Ask, comments: str | list[str]
) -> None:
    survey = await ask("care")
    token = (await survey.draw(service.member("care"))).json()["token"]
    refused = await survey.answer(token, 0, 0, 0, 0, comments=comments)
    assert (refused.status_code, refused.headers["Content-Type"]) == (422, "application/problem+json")
    assert (await survey.answer(token, 0, 0, 0, 0, comments="fine")).status_code == 201


async def test_an_answer_outside_the_survey_s_time_is_refused(service: Service, ask: Ask, http: httpx.AsyncClient) -> None:
    survey = await ask("care")
    late, never = [(await survey.draw(service.member("care"))).json()["token"] for _ in range(2)]
    service.clock.now = NOON + timedelta(days=7)
    assert (await survey.answer(late, 0, 0, 0, 0)).status_code == 409
    service.clock.now = NOON
    assert (await http.post(f"/surveys/{survey.id}/close", headers=service.program())).status_code == 200
    assert (await survey.answer(never, 0, 0, 0, 0)).status_code == 409


async def test_a_program_hands_an_answer_on_with_the_token_alone(service: Service, ask: Ask, http: httpx.AsyncClient) -> None:
    survey = await ask("care")
    token = (await survey.draw(service.member("care"))).json()["token"]
    answers = {f"item_{number}": 1 for number in range(1, 5)}
    data = {"survey": survey.id, "token": token, "answers": answers}
    events = [
        {"specversion": "1.0", "id": str(uuid4()), "source": "/form", "type": "alongside.survey-answer.v1", "data": data}
        for data in (data, data | {"answers": {}}, data)
    ]
    headers = {"Content-Type": "application/cloudevents-batch+json", **service.program()}
    answer = await http.post("/events", json=events, headers=headers)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    assert [rejected["index"] for rejected in answer.json()["rejected"]] in ([1, 2], [0, 1])


VERSIONS = "SELECT hash, xmin::text AS version, ctid::text AS place FROM token_hashes WHERE survey = %s ORDER BY ctid"


async def test_drawing_leaves_no_trace_beside_the_hashes(service: Service, ask: Ask) -> None:
    """Row versions (xmin) and places (ctid) are what somebody with the database could join by."""
    survey = await ask("traces")
    await survey.draw(service.member("traces"))
    before = service.rows(VERSIONS, survey.id)
    for _ in range(5):
        await survey.draw(service.member("traces"))
    assert service.rows(VERSIONS, survey.id) == before
    assert len(before) == SMALLEST_BATCH


async def test_all_hashes_of_a_survey_share_a_version_and_all_draws_are_one_row(service: Service, ask: Ask) -> None:
    survey = await ask("one", "two")
    members = [service.member(team) for team in ("one", "two") for _ in range(12)]
    issued = [hash_of((await survey.draw(member)).json()["token"]) for member in members]
    rows = service.rows(VERSIONS, survey.id)
    stored = [bytes(row["hash"]) for row in rows]
    assert len({row["version"] for row in rows}) == 1
    assert set(issued) < set(stored)
    assert [one for one in stored if one in issued] != issued, "the order of the rows is not the order of the draws"
    (drawn,) = service.rows("SELECT * FROM drawn WHERE survey = %s", survey.id)
    assert drawn.keys() == {"survey", "members"}
    assert drawn["members"] == sorted(members)


async def test_an_erased_member_has_drawn_nothing(service: Service, ask: Ask) -> None:
    survey, ann, bob = await ask("care"), service.member("care"), service.member("care")
    await survey.draw(ann)
    await survey.draw(bob)
    service.hearing.from_checkins(erased(ann))
    assert service.rows("SELECT members FROM drawn WHERE survey = %s", survey.id) == [{"members": [bob]}]


async def test_a_member_is_told_in_which_surveys_they_drew_and_nothing_of_what_they_answered(
    service: Service, ask: Ask, http: httpx.AsyncClient
) -> None:
    survey, member = await ask("held"), service.member("held")
    token = (await survey.draw(member)).json()["token"]
    await survey.answer(token, 1, 2, 3, 0)
    answer = await http.get(f"/members/{member}/held", headers=service.person(member))
    assert answer.json()["held"] == {"team": "held", "drew_a_token_in": [survey.id]}


async def test_who_is_known_to_be_erased_draws_nothing_though_the_view_has_them(
    service: Service, ask: Ask, http: httpx.AsyncClient
) -> None:
    survey, ann = await ask("care"), service.member("night")
    apply(service.store, EvaluationReader(all_instruments()), [Erased(ann, NOON)])
    assert service.rows("SELECT member FROM members WHERE member = %s", ann) == []
    service.hearing.from_checkins(moved(ann, "care"))
    assert service.rows("SELECT member FROM members WHERE member = %s", ann) == [{"member": ann}]
    assert (await survey.draw(ann)).status_code == 404
    assert (await http.get(f"/members/{ann}/held", headers=service.person(ann))).status_code == 404
