from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.events.recognition import Category, KudosGiven
from tests.recognition.conftest import Give, Service
from tests.recognition.without_kafka import NOON, erased, moved


async def on_board(http: httpx.AsyncClient, member: UUID, opted_in: bool = True) -> httpx.Response:
    return await http.post(f"/members/{member}/board", json={"opted_in": opted_in})


async def board(http: httpx.AsyncClient, window: str = "all", **query: Any) -> list[tuple[int, str, int]]:
    answer = await http.get(f"/leaderboards/{window}", params=query)
    assert answer.status_code == 200, answer.text
    return [(item["rank"], item["member"], item["given"]) for item in answer.json()["items"]]


async def gave(service: Service, give: Give, giver: UUID, times: int, at: datetime = NOON) -> None:
    receiver = service.member("elsewhere")
    service.clock.now = at
    for _ in range(times):
        assert (await give(giver, receiver)).status_code == 201
    service.hearing.own()


async def test_the_board_ranks_by_kudos_given_and_ties_share_a_rank(
    service: Service, http: httpx.AsyncClient, give: Give
) -> None:
    members = [service.member("ranks") for _ in range(4)]
    for member, times in zip(members, (2, 3, 2, 1), strict=True):
        await on_board(http, member)
        await gave(service, give, member, times)
    ranks = await board(http, team="ranks")
    assert [(rank, given) for rank, _, given in ranks] == [(1, 3), (2, 2), (2, 2), (4, 1)]
    assert ranks[0][1] == str(members[1])


async def test_only_who_opted_in_is_shown_and_who_opts_out_is_gone_at_once(
    service: Service, http: httpx.AsyncClient, give: Give
) -> None:
    shy, proud = service.member("opt"), service.member("opt")
    await gave(service, give, shy, 2)
    await gave(service, give, proud, 1)
    assert await board(http, team="opt") == []
    await on_board(http, proud)
    assert await board(http, team="opt") == [(1, str(proud), 1)]
    await on_board(http, proud, opted_in=False)
    assert await board(http, team="opt") == []
    await on_board(http, proud)
    await on_board(http, shy)
    assert await board(http, team="opt") == [(1, str(shy), 2), (2, str(proud), 1)]


async def test_the_same_choice_again_stores_nothing(service: Service, http: httpx.AsyncClient) -> None:
    ann = service.member()
    first, again = await on_board(http, ann), await on_board(http, ann)
    assert first.json() == again.json() == {"member": str(ann), "opted_in": True}
    assert "X-Position" in first.headers
    assert "X-Position" not in again.headers


async def test_only_the_member_decides_about_the_board(service: Service, http: httpx.AsyncClient) -> None:
    ann, bob = service.member(), service.member()
    url, body = f"/members/{ann}/board", {"opted_in": True}
    assert (await http.post(url, json=body, headers=service.person(bob))).status_code == 403
    assert (await http.post(url, json=body, headers=service.person(ann))).status_code == 200
    assert (await http.post(url, json={"opted_in": "yes"})).status_code == 422
    assert (await on_board(http, uuid4())).status_code == 404


@pytest.mark.parametrize(
    ("window", "at", "given"),
    [
        ("week", "2026-12-31T12:00:00Z", 3),  # Monday 28 December to Sunday 3 January
        ("week", "2027-01-04T00:00:00Z", 4),
        ("month", "2026-12-15T00:00:00Z", 1),
        ("month", "2027-01-31T23:59:59Z", 6),
        ("quarter", "2026-10-01T00:00:00Z", 1),
        ("all", "2027-01-31T23:59:59Z", 7),
        ("week", "2026-11-18T12:00:00Z", 0),
    ],
)
async def test_a_window_holds_what_was_given_in_it(
    service: Service, http: httpx.AsyncClient, give: Give, window: str, at: str, given: int
) -> None:
    team = f"w-{window}-{given}"
    ann = service.member(team)
    await on_board(http, ann)
    await gave(service, give, ann, 1, datetime.fromisoformat("2026-12-31T23:59:59+00:00"))
    await gave(service, give, ann, 2, datetime.fromisoformat("2027-01-01T00:00:00+00:00"))
    await gave(service, give, ann, 4, datetime.fromisoformat("2027-01-04T00:00:00+00:00"))
    assert await board(http, window, team=team, at=at) == ([(1, str(ann), given)] if given else [])


async def test_kudos_that_come_late_count_when_they_were_meant(service: Service, http: httpx.AsyncClient) -> None:
    ann, bob = service.member("late"), service.member("late")
    await on_board(http, ann)
    last_month = {"ce-time": "2026-10-31T23:00:00Z", "ce-specversion": "1.0", "ce-source": "/chat", "ce-id": str(uuid4())}
    body = {"giver": str(ann), "receivers": [str(bob)], "category": "coped"}
    await http.post("/events", json=body, headers={"ce-type": "alongside.kudos.v1", **last_month})
    service.hearing.own()
    assert await board(http, "month", team="late") == []
    assert await board(http, "month", team="late", at="2026-10-01T00:00:00Z") == [(1, str(ann), 1)]


async def test_the_default_window_is_the_present_one(service: Service, http: httpx.AsyncClient, give: Give) -> None:
    ann = service.member("now")
    await on_board(http, ann)
    await gave(service, give, ann, 1, NOON)
    assert await board(http, "week", team="now") == [(1, str(ann), 1)]
    service.clock.now = NOON + timedelta(days=7)
    assert await board(http, "week", team="now") == []


async def test_a_board_of_a_team_shows_who_is_in_it_now(service: Service, http: httpx.AsyncClient, give: Give) -> None:
    ann = service.member("before")
    await on_board(http, ann)
    await gave(service, give, ann, 1)
    service.hearing.from_checkins(moved(ann, "after"))
    assert await board(http, team="before") == []
    assert await board(http, team="after") == [(1, str(ann), 1)]


async def test_a_long_board_is_paged_with_its_ranks(service: Service, http: httpx.AsyncClient, give: Give) -> None:
    for times in (3, 1, 1, 1, 2):
        member = service.member("paged")
        await on_board(http, member)
        await gave(service, give, member, times)
    whole, pages, query = await board(http, team="paged"), [], {"team": "paged", "limit": "2"}
    while True:
        answer = (await http.get("/leaderboards/all", params=query)).json()
        pages += [(item["rank"], item["member"], item["given"]) for item in answer["items"]]
        if answer["next"] is None:
            break
        query["after"] = answer["next"]
    assert pages == whole
    assert [rank for rank, _, _ in pages] == [1, 2, 3, 3, 3]


async def test_an_erased_member_is_on_no_board_and_what_comes_later_counts_nothing(
    service: Service, http: httpx.AsyncClient, give: Give
) -> None:
    ann = service.member("gone")
    await on_board(http, ann)
    await gave(service, give, ann, 2)
    service.hearing.from_checkins(erased(ann))
    late = KudosGiven(occurred_at=NOON, kudos=uuid4(), giver=ann, receivers=(uuid4(),), category=Category.COPED)
    service.hearing.from_checkins(late)
    assert await board(http, team="gone") == []
    with service.store.transaction() as cursor:
        cursor.execute("SELECT 1 FROM kudos_per_day WHERE giver = %s", (ann,))
        assert cursor.fetchall() == []


async def test_a_reader_waits_for_their_own_write(service: Service, http: httpx.AsyncClient, give: Give) -> None:
    ann, bob = service.member("waits"), service.member("waits")
    await on_board(http, ann)
    service.hearing.own()
    position = (await give(ann, bob)).headers["X-Position"]
    assert (await http.get("/leaderboards/all", params={"at_least": position})).status_code == 504
    service.hearing.own()
    assert await board(http, team="waits", at_least=position) == [(1, str(ann), 1)]


@pytest.mark.parametrize(
    "query", [{"at": "9999-12-31T23:59:59-23:59"}, {"at": "2026-11-18"}, {"team": "a b"}, {"limit": "0"}, {"after": "eA"}]
)
async def test_a_wrong_query_is_told(http: httpx.AsyncClient, query: dict[str, str]) -> None:
    assert (await http.get("/leaderboards/week", params=query)).status_code == 422


async def test_a_window_there_is_not_is_told(http: httpx.AsyncClient) -> None:
    assert (await http.get("/leaderboards/decade")).status_code == 422


async def test_ops_read_no_board(service: Service, http: httpx.AsyncClient) -> None:
    assert (await http.get("/leaderboards/all", headers=service.person(uuid4(), "ops"))).status_code == 403
