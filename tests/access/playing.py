"""Seeded cases: each is one change or one read, and a read that isn't answered as the oracle says is a violation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

import httpx

from tests.access.changing import Organisation
from tests.access.house import House
from tests.access.model import RULES, Holder, Model, Read

READS = 0.65
"""The part of the cases that are reads."""

PAGE = 200
PATHS = {
    "record": "/members/{}/check-ins",
    "accesses": "/members/{}/accesses",
    "alert accesses": "/members/{}/accesses",
    "alerts": f"/alerts?limit={PAGE}",
    "alert": "/alerts/{}",
    "deliveries": "/deliveries?limit=5",
    "kudos": f"/kudos?limit={PAGE}",
    "board": "/leaderboards/week?limit=5",
    "views": "/views",
    "results": "/surveys/{}/results",
    "surveys": "/surveys?limit=5",
    "comments": "/surveys/{}/comments",
    "keys": "/keys?limit=5",
    "alerts’ keys": "/keys?limit=5",
}
WEIGHTS = {"alert": 8, "alerts": 3, "kudos": 3, "record": 5, "accesses": 2, "alert accesses": 3, "results": 3}


@dataclass
class Played:
    """What was done, how the reads were answered by kind and status, and what was wrong."""

    changes: dict[str, int] = field(default_factory=dict)
    reads: dict[str, int] = field(default_factory=dict)
    told: int = 0
    """How often somebody was told whom an alert is about."""
    violations: list[str] = field(default_factory=list)

    @property
    def cases(self) -> int:
        return sum(self.changes.values()) + sum(self.reads.values())

    def add(self, other: Played) -> None:
        self.changes = Counter(self.changes) + Counter(other.changes)
        self.reads = Counter(self.reads) + Counter(other.reads)
        self.told += other.told
        self.violations += other.violations


async def play(house: House, cases: Iterable[Random], played: Played) -> None:
    """In one organisation of its own; what each case is follows from what it is given."""
    house.http.clear()
    organisation = Organisation(house, Random(0))
    await organisation.begin()
    for random in cases:
        organisation.random = random
        if random.random() < READS:
            await _read(organisation, played)
        else:
            change = await organisation.change()
            played.changes[change] = played.changes.get(change, 0) + 1


async def _read(organisation: Organisation, played: Played) -> None:
    random, model = organisation.random, organisation.model
    holder = _somebody(organisation)
    kind = random.choices(list(RULES), [WEIGHTS.get(kind, 1) for kind in RULES])[0]
    read = Read(kind, _about(organisation, kind, holder))
    if read.about is None and "{}" in PATHS[kind]:
        kind, read = "surveys", Read("surveys")
    path = PATHS[kind].format(read.about)
    answer = await organisation.house.ask(RULES[kind][0], "GET", path, holder.bearer if holder else None)
    expected = model.status(read, holder)
    answered = f"{kind}: {answer.status_code}"
    played.reads[answered] = played.reads.get(answered, 0) + 1
    wrong = None if answer.status_code == expected else f"{answer.status_code}, not {expected}"
    if wrong is None and answer.status_code == 200 and holder:
        wrong = _wrong_content(model, read, holder, answer)
        played.told += kind == "alert" and '"member":' in answer.text
    if wrong:
        played.violations.append(f"case {played.cases}: {kind} by {_who(holder)}: {wrong}")


def _somebody(organisation: Organisation) -> Holder | None:
    """Mostly one whose bearer has not run out; sometimes nobody."""
    random, model = organisation.random, organisation.model
    if random.random() < 0.02:
        return None
    living = [one for one in organisation.holders if one.expires_at > model.now]
    return random.choice(living if living and random.random() < 0.8 else organisation.holders)


def _about(organisation: Organisation, kind: str, holder: Holder | None) -> UUID | None:
    """Often one's own, sometimes another's."""
    random, model = organisation.random, organisation.model
    if "/members/" in PATHS[kind]:
        own = holder.person if holder and random.random() < 0.7 else None
        return own or random.choice(list(model.people))
    if "/surveys/{}" in PATHS[kind]:
        return random.choice(list(model.surveys))
    if kind == "alert" and model.alerts:
        near = sorted(model.alerts_with(holder)) if holder and random.random() < 0.8 else []
        return random.choice(_accepted(model, holder, near) or near or list(model.alerts))
    return None


def _accepted(model: Model, holder: Holder | None, near: list[UUID]) -> list[UUID]:
    """Those that this supporter accepted: of them, and only while they may, they are told whom they are about."""
    person = model.people[holder.person] if holder and holder.person else None
    return [alert for alert in near if person and person.supporter and model.alerts[alert].accepted_by == person.supporter]


def _wrong_content(model: Model, read: Read, holder: Holder, answer: httpx.Response) -> str | None:
    """None where the answer holds what this reader may see, and nothing more."""
    people = {str(person) for person in model.people}
    if read.kind == "alert" and read.about:
        alert = model.alerts[read.about]
        shown, may = str(alert.member) in answer.text, model.is_told_whom_it_is_about(alert, holder)
        return None if shown == may else f"the member is {'' if shown else 'not '}named"
    if read.kind == "alerts":
        return _wrong_alerts(model, holder, answer, people)
    if read.kind == "kudos":
        return _wrong_kudos(model, holder, answer, people)
    if read.kind in ("deliveries", "views", "surveys", "results", "comments", "keys") and _named(answer, people):
        return "a person is named"
    return None


def _wrong_alerts(model: Model, holder: Holder, answer: httpx.Response, people: set[str]) -> str | None:
    if _named(answer, people):
        return "a person is named"
    own = {str(alert) for alert in model.alerts_with(holder)}
    listed = {item["id"] for item in answer.json()["items"]}
    if holder.roles & {"ops", "admin", "clinical_lead"} or "alerts:read" in holder.scopes:
        kept = {str(alert.id) for alert in model.alerts.values() if model.is_kept_from(alert, holder)}
        left_out = {str(alert) for alert in model.alerts} - kept - listed
        return "the list isn't theirs to see" if listed & kept or (left_out and len(listed) < PAGE) else None
    return None if listed == own or (len(listed) == PAGE and listed < own) else "the list isn't theirs"


def _wrong_kudos(model: Model, holder: Holder, answer: httpx.Response, people: set[str]) -> str | None:
    if "ops" in holder.roles:
        return "ops see people or messages" if _named(answer, people) or "thank you" in answer.text else None
    if holder.person is None:
        return "a program reads messages" if "thank you" in answer.text else None
    own, listed = {str(kudos) for kudos in model.kudos_of(holder.person)}, {item["id"] for item in answer.json()["items"]}
    return None if listed == own or (len(listed) == PAGE and listed < own) else "the list isn't theirs"


def _named(answer: httpx.Response, people: set[str]) -> bool:
    return any(person in answer.text for person in people)


def _who(holder: Holder | None) -> str:
    if holder is None:
        return "nobody"
    what = "a key" if holder.service else "a token"
    return f"{what} with {', '.join(sorted(holder.roles | holder.scopes))}"
