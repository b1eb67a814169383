"""The oracle: who may read what at this moment, by plain rules over plain facts; it knows no database and no service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

SEES_ALL_ALERTS = {"ops", "admin", "clinical_lead"}
SUPPORTS = {"supporter", "clinical_lead"}
HAS_A_RECORD = {"member", "supporter", "facilitator", "clinical_lead", "evaluator", "manager"}
EVALUATES = {"evaluator", "manager", "clinical_lead", "admin"}
ANSWERS = {"member", "supporter", "facilitator"}


@dataclass
class Person:
    id: UUID
    team: str
    manager: UUID | None = None
    supporter: UUID | None = None
    erased: bool = False
    contact: bool = False


@dataclass(frozen=True)
class Holder:
    """A bearer and what it stands for. `person` is a person's id, `service` that of an API key; `issuer_key` signed a token."""

    bearer: str
    expires_at: datetime
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    person: UUID | None = None
    service: str | None = None
    key: str = ""
    issuer_key: str = ""


@dataclass
class Alert:
    """`asked` are the supporters it was ever offered to. `withdrawn`: consent to contact was withdrawn while it was open."""

    id: UUID
    member: UUID
    reporter: UUID | None
    asked: frozenset[UUID] = frozenset()
    accepted_by: UUID | None = None
    ended: bool = False
    withdrawn: bool = False


@dataclass(frozen=True)
class Read:
    """`about` is the member, alert or survey that is asked for."""

    kind: str
    about: UUID | None = None


@dataclass
class Model:
    now: datetime
    people: dict[UUID, Person] = field(default_factory=dict)
    alerts: dict[UUID, Alert] = field(default_factory=dict)
    kudos: dict[UUID, frozenset[UUID]] = field(default_factory=dict)
    surveys: dict[UUID, str] = field(default_factory=dict)
    blocked: dict[tuple[UUID, UUID], UUID] = field(default_factory=dict)
    """Whom a member blocks, and the block's id."""
    ends: dict[str, datetime] = field(default_factory=dict)
    """When each API key ends: earlier than it was issued for, where it was rotated or revoked."""
    issuer_keys: set[str] = field(default_factory=set)

    def is_good(self, holder: Holder, service: str) -> bool:
        if holder.service:
            return holder.service == service and self.now < self.ends[holder.key]
        return self.now < holder.expires_at and holder.issuer_key in self.issuer_keys

    def status(self, read: Read, holder: Holder | None) -> int:
        """What the read is answered with."""
        service, rule = RULES[read.kind]
        if holder is None or not self.is_good(holder, service):
            return 401
        return rule(self, read, holder)

    def is_told_whom_it_is_about(self, alert: Alert, holder: Holder) -> bool:
        """Who accepted it, as the supporter they are, and isn't above or below the member by now; nobody about the erased, or
        once the member has withdrawn their consent to contact."""
        person = self.people.get(holder.person) if holder.person else None
        if person is None or not holder.roles & SUPPORTS or person.supporter is None:
            return False
        if alert.withdrawn or (alert.ended and not self.people[alert.member].contact):
            return False
        return alert.accepted_by == person.supporter and not self.are_kept_apart(person.id, alert)

    def are_kept_apart(self, person: UUID, alert: Alert) -> bool:
        if person in (alert.member, alert.reporter) or self.people[person].erased or self.people[alert.member].erased:
            return True
        if (alert.member, person) in self.blocked:
            return True
        return person in self.above(alert.member) or alert.member in self.above(person)

    def is_kept_from(self, alert: Alert, holder: Holder) -> bool:
        """To who sees every alert there is none about whom they stand over, or under, or whom they reported; but those in which
        they have a part."""
        if holder.person is None or alert.id in self.alerts_with(holder):
            return False
        return self.are_kept_apart(holder.person, alert)

    def above(self, start: UUID) -> set[UUID]:
        found: set[UUID] = set()
        here = self.people[start].manager
        while here is not None and here not in found:
            found.add(here)
            here = self.people[here].manager
        return found

    def alerts_with(self, holder: Holder) -> set[UUID]:
        """Those about the person, and those they were asked about."""
        return set(self._with(holder))

    def kudos_of(self, person: UUID) -> set[UUID]:
        return {kudos for kudos, people in self.kudos.items() if person in people}

    def is_erased(self, holder: Holder) -> bool:
        return holder.person is not None and self.people[holder.person].erased

    def _with(self, holder: Holder) -> Iterator[UUID]:
        person = self.people[holder.person] if holder.person else None
        for alert in self.alerts.values():
            if person and (alert.member == person.id or (holder.roles & SUPPORTS and person.supporter in alert.asked)):
                yield alert.id


def _own_record(model: Model, read: Read, holder: Holder) -> int:
    if not holder.roles & HAS_A_RECORD or holder.person != read.about:
        return 403
    return 404 if model.is_erased(holder) else 200


def _alerts_door(model: Model, holder: Holder) -> int:
    if holder.person is None and not _sees_all(holder):
        return 403
    return 404 if model.is_erased(holder) else 200


def _own_alert_accesses(model: Model, read: Read, holder: Holder) -> int:
    at_the_door = _alerts_door(model, holder)
    return at_the_door if at_the_door != 200 or holder.person == read.about else 403


def _alert_list(model: Model, _: Read, holder: Holder) -> int:
    return _alerts_door(model, holder)


def _alert(model: Model, read: Read, holder: Holder) -> int:
    at_the_door = _alerts_door(model, holder)
    if at_the_door != 200 or read.about in model.alerts_with(holder):
        return at_the_door
    assert read.about is not None, "an alert is asked for"
    if not _sees_all(holder):
        return 403
    return 404 if model.is_kept_from(model.alerts[read.about], holder) else 200


def _sees_all(holder: Holder) -> bool:
    return bool(holder.roles & SEES_ALL_ALERTS) or "alerts:read" in holder.scopes


def _kudos(model: Model, _: Read, holder: Holder) -> int:
    if not holder.roles and "kudos:write" not in holder.scopes:
        return 403
    return 404 if model.is_erased(holder) and "ops" not in holder.roles else 200


def _board(_: Model, __: Read, holder: Holder) -> int:
    return 200 if holder.roles - {"ops", "manager"} or "kudos:write" in holder.scopes else 403


def _results(model: Model, read: Read, holder: Holder) -> int:
    if holder.roles & EVALUATES or "surveys:write" in holder.scopes:
        return 200
    person = model.people[holder.person] if holder.person else None
    is_asked = person is not None and not person.erased and read.about and model.surveys[read.about] == person.team
    return 200 if is_asked and holder.roles & ANSWERS else 403


def _surveys(_: Model, __: Read, holder: Holder) -> int:
    return 200 if holder.roles or "surveys:write" in holder.scopes else 403


def _comments(_: Model, __: Read, holder: Holder) -> int:
    return 200 if holder.roles & (EVALUATES - {"manager"}) or "surveys:write" in holder.scopes else 403


def _running(_: Model, __: Read, holder: Holder) -> int:
    return 200 if holder.roles & {"ops", "admin"} else 403


def _keys(_: Model, __: Read, holder: Holder) -> int:
    return 200 if "admin" in holder.roles else 403


RULES = {
    "record": ("checkins", _own_record),
    "accesses": ("checkins", _own_record),
    "alert accesses": ("alerts", _own_alert_accesses),
    "alerts": ("alerts", _alert_list),
    "alert": ("alerts", _alert),
    "deliveries": ("alerts", _running),
    "kudos": ("recognition", _kudos),
    "board": ("recognition", _board),
    "views": ("recognition", _running),
    "results": ("evaluation", _results),
    "surveys": ("evaluation", _surveys),
    "comments": ("evaluation", _comments),
    "keys": ("checkins", _keys),
    "alerts’ keys": ("alerts", _keys),
}
