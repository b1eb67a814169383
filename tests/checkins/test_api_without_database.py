"""What is there when the database isn't."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.ports import free_port
from tests.checkins.problems import problem
from tests.checkins.serving import MEMBER, Served, made_keys, serve


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    nothing = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    with serve(nothing, made_keys(tmp_path_factory.mktemp("keys")), open_first=False) as served:
        yield served


def test_the_crisis_page_is_served_to_anybody(alone: Served) -> None:
    page = alone.http.get("/crisis", headers={"Authorization": ""})
    assert page.status_code == 200
    assert "116 123" in page.text
    assert "<script" not in page.text


def test_the_crisis_page_of_a_country_has_that_country_only(alone: Served) -> None:
    page = alone.http.get("/crisis?country=gb").text
    assert "Samaritans" in page
    assert "TelefonSeelsorge" not in page
    assert "Find A Helpline" in page


def test_the_crisis_lines_are_served_as_json(alone: Served) -> None:
    items = alone.http.get("/crisis-lines?country=US").json()["items"]
    assert items[0]["contact"] == "Call 911"
    assert "988" in items[1]["name"]


@pytest.mark.parametrize("country", ["XX", "zz"])
def test_for_a_country_that_is_not_listed_everything_is_shown(country: str, alone: Served) -> None:
    assert "Samaritans" in alone.http.get(f"/crisis?country={country}").text


def test_a_country_that_is_none_is_422(alone: Served) -> None:
    problem(alone.http.get("/crisis?country=canary7f3e"), 422)


def test_writes_and_reads_are_503_and_say_when_to_come_again(alone: Served) -> None:
    answer = alone.http.post("/members", json=MEMBER)
    problem(answer, 503, "not-ready")
    assert answer.headers["retry-after"] == "1"


def test_the_service_is_alive_and_not_ready(alone: Served) -> None:
    assert alone.http.get("/healthz").json() == {"status": "alive"}
    problem(alone.http.get("/readyz"), 503, "not-ready")


def test_metrics_have_routes_and_no_ids(checkins: Served, member: str) -> None:
    checkins.http.get(f"/members/{member}/check-ins", headers=checkins.as_person(member))
    text = checkins.http.get("/metrics").text
    assert 'route="/members/{member}/check-ins"' in text
    assert member not in text


def test_with_its_database_the_service_is_ready(checkins: Served) -> None:
    assert checkins.http.get("/readyz").json() == {"status": "ready"}


def test_the_document_of_the_api_is_served(checkins: Served) -> None:
    assert "/check-ins" in checkins.http.get("/openapi.json").json()["paths"]
