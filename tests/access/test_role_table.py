"""Every route of every service, asked as everybody, against the table that says who may."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.contracts.apps import services_with_an_api
from shared.auth import ROLES, SCOPES
from shared.store import api_keys
from tests.access.asking import MEMBER, Person, a_person, body_of, path_of, said_by
from tests.access.house import APIS, SERVICES, House, uuid_in
from tests.access.issuing import Issuer
from tests.access.table import GROUPS, Rule, routes_of, rules, useful_scopes

REFUSED = (401, 403)


@dataclass
class Scene:
    """Two people, an admin's token, and a key of every scope at every service."""

    house: House
    mine: Person
    others: Person
    admin: str
    keys: dict[tuple[str, str], str]
    revoked: dict[str, str]

    def person(self, role: str, member: Any = None) -> str:
        return self.house.issuer.token(str(member or self.mine.member), roles=[role])


@pytest.fixture(scope="module")
def scene(house: House) -> Scene:
    return asyncio.run(_scene(house))


async def _scene(house: House) -> Scene:
    admin = house.issuer.token("admin:test", roles=["admin"])
    others = await a_person(house, admin, "others")  # there was nobody yet to offer the alert about them to
    mine = await a_person(house, admin, "mine")
    keys = {(service, scope): _issued(house, service, scope)["key"] for service in SERVICES for scope in sorted(SCOPES)}
    revoked = {}
    for service in SERVICES:
        key = _issued(house, service, "events:write")
        await house.ask(service, "DELETE", f"/keys/{key['id']}", admin)
        revoked[service] = key["key"]
    house.http.clear()
    return Scene(house, mine, others, admin, keys, revoked)


def _issued(house: House, service: str, scope: str) -> dict[str, str]:
    """Straight into the store: over HTTP none is issued for a scope that is of no use there."""
    parts = house.parts[service]
    with parts.store.transaction() as cursor:
        issued = api_keys.issue(cursor, [scope], "test", "test", house.clock(), timedelta(days=90))
    parts.api_keys.forget()
    return issued


@pytest.mark.parametrize("service", services_with_an_api())
def test_every_route_has_a_line_and_every_line_a_route(service: str) -> None:
    lines = {(rule.method, rule.path) for rule in rules() if rule.service == service}
    assert routes_of(service) == lines


@pytest.mark.parametrize("service", services_with_an_api())
def test_a_services_keys_can_be_for_the_scopes_of_its_lines(service: str) -> None:
    assert useful_scopes(service) == APIS[service].SCOPES


def test_every_scope_there_is_lets_in_somewhere() -> None:
    assert {scope for rule in rules() for scope in rule.scopes} == SCOPES


def test_what_is_ones_own_is_open_to_every_person_whatever_else_they_are() -> None:
    narrower = {str(rule) for rule in rules() if rule.own and not GROUPS["P"] <= rule.own | rule.roles}
    assert narrower == {"alerts POST /endpoints"}, "an endpoint is a supporter's"


async def status(scene: Scene, rule: Rule, bearer: str | None, person: Person, query: str = "") -> int:
    """How the line's request is answered; each with a key of its own to rotate or revoke, or something said to take back."""
    key = ""
    if "{key}" in rule.path:
        key = _issued(scene.house, rule.service, "events:write")["id"]
    path = path_of(rule, person, key, said_by(rule, scene.house, person)) + query
    other = scene.others if person is not scene.others else scene.mine
    answer = await scene.house.ask(rule.service, rule.method, path, bearer, body_of(rule, person, other))
    assert answer.status_code < 500, answer.text
    return answer.status_code


async def _erasable(scene: Scene, rule: Rule, person: Person) -> Person:
    """Whom an erasure is about is somebody new each time."""
    if rule.method != "DELETE" or "{member}" not in rule.path:
        return person
    made = await scene.house.ask("checkins", "POST", "/members", scene.admin, MEMBER | {"team": "new"})
    return replace(person, member=uuid_in(made))


@pytest.fixture(autouse=True)
async def clients(house: House) -> Any:
    """Of this test's loop."""
    house.http.clear()
    yield
    for client in house.http.values():
        await client.aclose()
    house.http.clear()


@pytest.mark.parametrize("rule", rules(), ids=str)
async def test_a_person_is_let_in_where_the_table_says_so_and_nowhere_else(rule: Rule, scene: Scene) -> None:
    for role in sorted(ROLES):
        for own in (True, False):
            about = await _erasable(scene, rule, scene.mine if own else scene.others)
            asker = about.member if own else scene.mine.member
            got = await status(scene, rule, scene.person(role, asker), about)
            expected = rule.open or rule.lets_in(role, own)
            assert (got not in REFUSED) == expected, f"{role}, {'own' if own else 'another’s'}: {got}"
            assert got != 401


@pytest.mark.parametrize("rule", rules(), ids=str)
async def test_a_program_is_let_in_by_its_scope_with_a_token_and_with_a_key(rule: Rule, scene: Scene) -> None:
    for scope in sorted(SCOPES):
        for bearer in (scene.house.issuer.token("service:test", scopes=[scope]), scene.keys[rule.service, scope]):
            got = await status(scene, rule, bearer, await _erasable(scene, rule, scene.others))
            assert (got not in REFUSED) == (rule.open or scope in rule.scopes), f"{scope}: {got}"
            assert got != 401


def wrong_bearers(scene: Scene, service: str, folder: Path) -> Iterator[tuple[str, str | None]]:
    issuer, clock = scene.house.issuer, scene.house.clock
    mine = str(scene.mine.member)
    everything: dict[str, Any] = {"roles": sorted(ROLES)}
    past = int((clock() - timedelta(hours=2)).timestamp())
    yield "none", None
    yield "nothing", "x.y.z"
    yield "expired", issuer.token(mine, **everything, iat=past, exp=past + 60)
    yield "not yet", issuer.token(mine, **everything, nbf=int((clock() + timedelta(minutes=2)).timestamp()))
    yield "another issuer's key", Issuer(folder / "other.json", clock).token(mine, **everything)
    yield "another issuer's name", issuer.token(mine, **everything, iss="somebody")
    yield "for another", issuer.token(mine, **everything, aud="another")
    yield "a person and a program", issuer.token(mine, **everything, scopes=sorted(SCOPES))
    yield "a key that was revoked", scene.revoked[service]
    yield "a key of another service", scene.keys[SERVICES[SERVICES.index(service) - 1], "events:write"]
    yield "a key that was never issued", f"ak_{'0' * 16}_{'0' * 64}"
    yield "a key with another secret", scene.keys[service, "events:write"][:-1] + "x"


@pytest.mark.parametrize("rule", rules(), ids=str)
async def test_without_a_good_token_everything_that_is_not_open_is_401(rule: Rule, scene: Scene, tmp_path: Path) -> None:
    for what, bearer in wrong_bearers(scene, rule.service, tmp_path):
        got = await status(scene, rule, bearer, scene.mine)
        assert (got not in REFUSED) if rule.open else got == 401, f"{what}: {got}"


@pytest.mark.parametrize("rule", rules(), ids=str)
async def test_a_claim_link_opens_its_own_alert_and_nothing_else(rule: Rule, scene: Scene) -> None:
    mine, others = scene.mine, scene.others
    for bearer, query in ((mine.claim, ""), (None, f"?token={mine.claim}")):
        got = await status(scene, rule, bearer, mine, query)
        assert (got not in REFUSED) == (rule.open or rule.claim), got
        if rule.claim:
            assert await status(scene, rule, bearer, others, query) == 401


async def test_a_role_or_scope_that_there_is_not_is_worth_nothing(scene: Scene) -> None:
    for bearer in (
        scene.house.issuer.token("x", roles=["root", "ADMIN", "admin "]),
        scene.house.issuer.token("x", scopes=["*", "alerts:*", "admin"]),
    ):
        assert (await scene.house.ask("alerts", "GET", "/alerts", bearer)).status_code == 403
