"""For each line of the table the request that asks it: about the asking person, and about another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from services.alerts.domain.claims import Claim
from services.alerts.domain.wishes import Kind
from services.alerts.views import wish_rows
from tests.access.house import House, uuid_in
from tests.access.table import Rule

MEMBER = {"name": "Ada", "timezone": "Europe/Berlin", "languages": ["de"], "consents": {}}
ENDPOINT = "http://127.0.0.1:9/hook"


@dataclass(frozen=True)
class Person:
    """A member who is a supporter too; an alert is about them, and a survey asks their team. `claim` opens that alert."""

    member: UUID
    supporter: UUID
    alert: UUID
    survey: UUID
    claim: str
    key: dict[str, str]


async def a_person(house: House, admin: str, team: str) -> Person:
    """Everybody of one house may be asked about everybody else's alerts."""
    member = uuid_in(await house.ask("checkins", "POST", "/members", admin, MEMBER | {"team": team}))
    house.hear()
    supporter = uuid_in(
        await house.ask("alerts", "POST", "/supporters", admin, {"member": str(member), "languages": ["de"], "skills": []})
    )
    await house.ask("alerts", "POST", "/endpoints", admin, {"supporter": str(supporter), "url": ENDPOINT})
    check_in = {"member": str(member), "mood": 3, "wants_contact": True}
    uuid_in(await house.ask("checkins", "POST", "/check-ins", admin, check_in))
    house.hear()
    alert = house.world.alert_about(member)
    offers = house.world.alerts.load(alert).offers
    claim = house.world.links.token(Claim(alert, offers[0].supporter, offers[0].sequence)) if offers else ""
    survey = uuid_in(await house.ask("evaluation", "POST", "/surveys", admin, _survey(house, team)))
    return Person(member, supporter, alert, survey, claim, {})


def _survey(house: House, team: str) -> dict[str, Any]:
    opens, closes = house.clock().replace(year=2026), house.clock().replace(year=2027)
    return {
        "instrument": "phq-4",
        "audience": {"teams": [team]},
        "opens": opens.isoformat(),
        "closes": closes.isoformat(),
    }


def said_by(rule: Rule, house: House, person: Person) -> UUID:
    """What the line's request ends: a conflict that this person declared, or a block of theirs."""
    id_, somebody = uuid4(), uuid4()
    if "{conflict}" in rule.path:
        conflict = wish_rows.Conflict(id_, person.member, somebody, Kind.DECLARED, str(person.member))
        house.world.store.record((), [wish_rows.put_conflict(conflict)])
    if "{block}" in rule.path:
        house.world.store.record((), [wish_rows.put_block(id_, person.member, somebody)])
    return id_


def path_of(rule: Rule, person: Person, key: str, said: UUID) -> str:
    path = rule.path
    steps = {"/alerts/{alert}/{step}": rule.case or "accept", "/replays/{replay}/{step}": "pause"}
    values = {
        "member": person.member,
        "alert": person.alert,
        "survey": person.survey,
        "step": steps.get(path),
        "window": "week",
        "key": key,
        "parked": 999_999,
        "replay": uuid4(),
        "delivery": uuid4(),
        "conflict": said,
        "block": said,
        "request_id": uuid4(),
    }
    return path.format(**values)


def body_of(rule: Rule, person: Person, other: Person) -> Any:
    """What says whom it is about; the rest is wrong on purpose: 422 tells that the asker was let in."""
    bodies: dict[str, Any] = {
        "POST /check-ins": {"member": str(person.member), "mood": 3},
        "POST /distress-flags": {"member": str(other.member), "reporter": str(person.member), "signs": ["guilt"]},
        "POST /endpoints": {"supporter": str(person.supporter), "url": ENDPOINT},
        "POST /members/{member}/board": {"opted_in": True},
        "POST /kudos": {"giver": str(person.member), "receivers": [str(other.member)], "category": "taught"},
        "POST /check-ins/batch": [],
        "POST /requests": {"member": str(person.member), "kind": "need", "text": "somebody to talk to"},
        "POST /alerts/{alert}/danger": {"ground": "danger_to_self"},
        "POST /conflicts": {"member": str(person.member), "with": str(uuid4())},
        "POST /blocks": {"member": str(person.member), "blocked": str(uuid4())},
        "POST /members/{member}/preferences": {"chosen": [str(uuid4())], "vetoed": []},
    }
    return bodies.get(f"{rule.method} {rule.path}", {})
