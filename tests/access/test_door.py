"""Who knocks too often with what isn't good, and names that could be taken for another's."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from shared.auth import Caller, Kind, Tokens
from shared.errors import Problem
from shared.http.app import Wall
from shared.http.limits import RateLimit
from tests.access.house import APIS, House
from tests.access.issuing import Issuer


def at(house: House, rate: float, peer: str) -> httpx.AsyncClient:
    """Recognition behind a wall of its own, as it is met from one address."""
    app = house.apps["recognition"]
    tokens = Tokens(house.issuer.file, house.issuer.name, house.clock)
    slow = APIS["recognition"].build(app.state.parts, Wall(tokens, RateLimit(rate), house.clock))
    transport = httpx.ASGITransport(slow, client=(peer, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://recognition.example")


async def test_a_flood_of_wrong_tokens_is_429_and_holds_up_nobody_with_a_good_one(house: House) -> None:
    good = {"Authorization": f"Bearer {house.issuer.token('ops:x', roles=['ops'])}"}
    async with at(house, 5, "192.0.2.1") as client:
        wrong = [await client.get("/views", headers={"Authorization": f"Bearer {n}"}) for n in range(40)]
        assert {answer.status_code for answer in wrong[:3]} == {401}
        assert wrong[-1].status_code == 429
        assert wrong[-1].headers["retry-after"] == "1"
        assert (await client.get("/views", headers=good)).status_code == 200


def test_a_program_that_is_named_like_a_person_shares_neither_their_rate_nor_their_idempotency_keys() -> None:
    names = {Caller("ada", kind=kind).identity for kind in Kind}
    assert len(names) == len(Kind)


async def test_an_issuers_key_changes_without_a_restart_and_a_withdrawn_one_ends(house: House, tmp_path: Path) -> None:
    issuer = Issuer(tmp_path / "jwks.json", house.clock)
    tokens = Tokens(issuer.file, issuer.name, house.clock)
    old = issuer.token("a")
    assert (await tokens.caller(old)).subject == "a"
    issuer.add_key()
    new = issuer.token("b")
    house.clock.move(seconds=10)
    assert (await tokens.caller(new)).subject == "b"
    assert (await tokens.caller(old)).subject == "a"
    issuer.withdraw_oldest()
    house.clock.move(minutes=5)
    assert await _status(tokens, old) == 401
    assert (await tokens.caller(new)).subject == "b"


async def test_keys_that_nobody_has_make_nobody_ask_the_issuer_more_often_than_in_ten_seconds(
    house: House, tmp_path: Path
) -> None:
    issuer = Issuer(tmp_path / "jwks.json", house.clock)
    tokens = Tokens(issuer.file, issuer.name, house.clock)
    await tokens.caller(issuer.token("a"))
    issuer.add_key()
    house.clock.move(seconds=9)
    assert await _status(tokens, issuer.token("b")) == 401
    house.clock.move(seconds=1)
    assert await _status(tokens, issuer.token("b")) == 200


async def test_while_the_issuer_is_away_its_old_keys_stay_good(house: House, tmp_path: Path) -> None:
    issuer = Issuer(tmp_path / "jwks.json", house.clock)
    tokens = Tokens(issuer.file, issuer.name, house.clock)
    token = issuer.token("a")
    await tokens.caller(token)
    for away in ("", "{", '{"keys": 3}', '{"keys": [{"kty": "?"}]}'):
        issuer.file.write_text(away)
        house.clock.move(minutes=5)
        assert await _status(tokens, token) == 200
    issuer.file.unlink()
    house.clock.move(minutes=5)
    assert await _status(tokens, issuer.token("b")) == 200


async def test_before_any_key_was_read_nobody_is_told_that_their_token_is_wrong(house: House, tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "nowhere.json", clock=house.clock)
    assert await _status(tokens, house.issuer.token("a")) == 503
    assert await _status(Tokens("http://192.0.2.1/jwks", clock=house.clock), house.issuer.token("a")) == 503


async def _status(tokens: Tokens, token: str) -> int:
    try:
        await tokens.caller(token)
    except Problem as problem:
        return problem.status
    return 200


@pytest.mark.parametrize("subject", ["ada.lovelace@example.org", "Ada Lovelace", "auth0|5f7c", "ops:Ada"])
def test_who_did_something_is_written_down_without_a_name_or_an_address(subject: str) -> None:
    written = Caller(subject).attributed
    assert written.startswith("sub-sha256:")
    assert written == Caller(subject).attributed != Caller(f"{subject}x").attributed


def test_who_did_something_is_written_down_by_their_id_or_plain_code() -> None:
    assert Caller("ops:local").attributed == "ops:local"
