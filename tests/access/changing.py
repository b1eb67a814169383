"""One change after another, on the real apps and in the oracle: tokens, keys, consents, erasures, moves, steps."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import httpx

from shared.auth import ROLES, SCOPES
from tests.access.asking import ENDPOINT, MEMBER
from tests.access.house import SERVICES, House, uuid_in
from tests.access.model import Alert, Holder, Model, Person
from tests.access.table import useful_scopes

MOST_PEOPLE, MOST_HOLDERS = 8, 40
TEAMS = ("care", "night")
KEPT_LONG = timedelta(days=2)
_organisations = itertools.count()


class Organisation:
    """Some people, their bearers, and what was changed; their language is theirs alone, so that they are asked first."""

    def __init__(self, house: House, random: Random) -> None:
        self.house, self.random = house, random
        number = next(_organisations)
        self.language = "q" + "".join(chr(ord("a") + number // 26**place % 26) for place in (1, 0))
        self.model = Model(house.clock(), issuer_keys={str(key.kid) for key in house.issuer.keys})
        self.holders: list[Holder] = []

    async def begin(self) -> None:
        for _ in range(4):
            await self.enrol()
        for team in TEAMS:
            survey = {"instrument": "phq-4", "audience": {"teams": [team]}, **self._year()}
            self.model.surveys[uuid_in(await self._as_admin("evaluation", "POST", "/surveys", survey))] = team
        for _ in range(6):
            await self.sign()

    async def change(self) -> str:
        """One of them, by chance; what it was."""
        change = self.random.choices(list(CHANGES), list(CHANGES.values()))[0]
        await change(self)
        return change.__name__

    @property
    def living(self) -> list[Person]:
        return [person for person in self.model.people.values() if not person.erased]

    async def enrol(self) -> None:
        if len(self.living) >= MOST_PEOPLE:
            return
        manager = self.random.choice([None, *self.living])
        person = Person(UUID(int=0), self.random.choice(TEAMS), manager.id if manager else None)
        consents = {name: self.random.random() < 0.5 for name in ("analytics", "text", "contact")}
        person.contact = consents["contact"]
        body = MEMBER | {"team": person.team, "languages": [self.language], "consents": consents}
        body |= {"manager": str(person.manager)} if person.manager else {}
        person.id = uuid_in(await self._as_admin("checkins", "POST", "/members", body))
        self.model.people[person.id] = person
        self.house.hear()
        if self.random.random() < 0.7:
            await self._supports(person)

    async def _supports(self, person: Person) -> None:
        body = {"member": str(person.id), "languages": [self.language], "skills": []}
        person.supporter = uuid_in(await self._as_admin("alerts", "POST", "/supporters", body))
        await self._as_admin("alerts", "POST", "/endpoints", {"supporter": str(person.supporter), "url": ENDPOINT})

    async def sign(self) -> None:
        """A token for somebody, the erased included, with roles or scopes by chance."""
        life = timedelta(minutes=self.random.randint(1, 360))
        if self.random.random() < 0.8:
            person = self.random.choice(list(self.model.people.values())).id
            roles = self._some(sorted(ROLES), 2)
            if self.random.random() < 0.5:
                roles = frozenset({"supporter"}) if self.random.random() < 0.5 else frozenset({"member"})
            self._keep(Holder(self._token(str(person), life, roles=roles), self._in(life), roles, person=person))
        else:
            scopes = self._some(sorted(SCOPES), 3)
            self._keep(Holder(self._token("service:x", life, scopes=scopes), self._in(life), scopes=scopes))

    async def issue_key(self) -> None:
        service = self.random.choice([one for one in SERVICES if useful_scopes(one)])
        scopes = self._some(sorted(useful_scopes(service)), 3)
        body = {"scopes": sorted(scopes), "label": "x", "expires_in_days": self.random.randint(1, 2)}
        self._keep_key(service, scopes, await self._as_admin(service, "POST", "/keys", body))

    async def rotate_key(self) -> None:
        key = self._a_key()
        if key and key.service:
            hours = self.random.choice([0, 1, 5])
            path = f"/keys/{key.key}/rotate"
            answer = await self._as_admin(key.service, "POST", path, {"overlap_hours": hours})
            has_ended = self.model.now >= self.model.ends[key.key]
            assert (answer.status_code == 409) == has_ended, answer.text
            if not has_ended:
                self._keep_key(key.service, key.scopes, answer)
                self.model.ends[key.key] = min(self.model.ends[key.key], self._in(timedelta(hours=hours)))

    async def revoke_key(self) -> None:
        key = self._a_key()
        if key and key.service:
            answer = await self._as_admin(key.service, "DELETE", f"/keys/{key.key}")
            assert answer.status_code == 200, answer.text
            self.model.ends[key.key] = min(self.model.ends[key.key], self.model.now)

    async def time_passes(self) -> None:
        self._move(timedelta(minutes=self.random.choice([1, 5, 20, 90])))

    async def issuer_takes_a_new_key(self) -> None:
        """Services ask for a key that they don't know once in ten seconds at most."""
        self.model.issuer_keys.add(self.house.issuer.add_key())
        self._move(timedelta(seconds=11))
        await self.sign()

    async def issuer_withdraws_a_key(self) -> None:
        """It is over when the keys have been read again: five minutes at most."""
        if len(self.house.issuer.keys) > 1:
            self.model.issuer_keys.discard(str(self.house.issuer.keys[0].kid))
            self.house.issuer.withdraw_oldest()
            self._move(timedelta(minutes=5))

    async def change_consents(self) -> None:
        person = self.random.choice(self.living)
        consents = {self.random.choice(["analytics", "text", "contact"]): self.random.random() < 0.5}
        await self._patch(person, {"consents": consents}, by=person if any(consents.values()) else None)
        withdrawn = person.contact and not consents.get("contact", True)
        person.contact = consents.get("contact", person.contact)
        for alert in self.model.alerts.values():
            alert.withdrawn |= withdrawn and alert.member == person.id and not alert.ended
        self._look_at_alerts(about=person.id)

    async def move(self) -> None:
        """Under another manager, and into another team."""
        person = self.random.choice(self.living)
        manager = self.random.choice([None, *(one for one in self.living if one is not person)])
        person.manager, person.team = manager.id if manager else None, self.random.choice(TEAMS)
        await self._patch(person, {"manager": str(manager.id) if manager else None, "team": person.team})

    async def erase(self) -> None:
        if len(self.living) > 3:
            person = self.random.choice(self.living)
            answer = await self._as_admin("checkins", "DELETE", f"/members/{person.id}")
            assert answer.status_code == 202, answer.text
            person.erased = True
            self.house.hear()
            kudos = self.model.kudos  # each has one giver and one receiver: it goes with either
            self.model.kudos = {each: people for each, people in kudos.items() if person.id not in people}
            self.model.blocked = {pair: block for pair, block in self.model.blocked.items() if person.id not in pair}
            self._look_at_alerts(about=person.id)

    async def block(self) -> None:
        """Or end the block that there is."""
        person, other = self.random.sample(self.living, 2)
        token, pair = self._token(str(person.id), timedelta(minutes=1), roles={"member"}), (person.id, other.id)
        if block := self.model.blocked.pop(pair, None):
            answer = await self.house.ask("alerts", "DELETE", f"/blocks/{block}", token)
            assert answer.status_code == 200, answer.text
        else:
            body = {"member": str(person.id), "blocked": str(other.id)}
            self.model.blocked[pair] = uuid_in(await self.house.ask("alerts", "POST", "/blocks", token, body))

    async def ask_for_contact(self) -> None:
        member = self.random.choice(self.living).id
        await self._raise(member, None, "/check-ins", {"member": str(member), "mood": 2, "wants_contact": True})

    async def worry(self) -> None:
        member, reporter = (self.random.choice(self.living).id for _ in range(2))
        body = {"member": str(member), "signs": ["hopelessness"], "urgent": True, "reporter": str(reporter)}
        await self._raise(member, reporter, "/distress-flags", body)

    async def _raise(self, member: UUID, reporter: UUID | None, path: str, body: dict[str, Any]) -> None:
        before = self._alerts_about(member)
        uuid_in(await self._as_admin("checkins", "POST", path, body))
        self.house.hear()
        for new in self._alerts_about(member) - before:
            self.model.alerts[new] = Alert(new, member, reporter)
            self._look_at(self.model.alerts[new])

    async def answer_an_offer(self) -> None:
        """Somebody who was asked takes a step; whether it is taken, the alert says afterwards."""
        asked = [alert for alert in self.model.alerts.values() if self._asked_of_ours(alert)]
        if not asked:
            return
        alert = self.random.choice(asked[-6:])
        person = self.random.choice(self._asked_of_ours(alert))
        step = self.random.choices(["accept", "decline", "later", "close"], [6, 2, 1, 1])[0]
        life, roles = timedelta(hours=3), frozenset({"supporter"})
        token = self._token(str(person.id), life, roles=roles)
        await self.house.ask("alerts", "POST", f"/alerts/{alert.id}/{step}", token)
        self._look_at(alert)
        if alert.accepted_by == person.supporter:
            self._keep(Holder(token, self._in(life), roles, person=person.id))

    async def give_kudos(self) -> None:
        giver, receiver = self.random.sample(self.living, 2)
        body = {"giver": str(giver.id), "receivers": [str(receiver.id)], "category": "taught", "message": "thank you"}
        given = uuid_in(await self._as_admin("recognition", "POST", "/kudos", body))
        self.model.kudos[given] = frozenset({giver.id, receiver.id})

    def _asked_of_ours(self, alert: Alert) -> list[Person]:
        return [person for person in self.living if person.supporter in alert.asked and person.supporter]

    def _alerts_about(self, member: UUID) -> set[UUID]:
        return {row["id"] for row in self.house.world.rows("SELECT id FROM alerts WHERE member = %s", member)}

    def _look_at_alerts(self, about: UUID) -> None:
        for alert in self.model.alerts.values():
            if alert.member == about:
                self._look_at(alert)

    def _look_at(self, alert: Alert) -> None:
        """The facts of it: who was asked, and who accepted."""
        found = self.house.world.alerts.load(alert.id)
        alert.asked = frozenset(offer.supporter for offer in found.offers)
        alert.accepted_by, alert.ended = found.accepted_by, found.has_ended

    async def _patch(self, person: Person, body: dict[str, Any], by: Person | None = None) -> None:
        """As an admin, or by the person's own token."""
        token = self._token(str(by.id), timedelta(minutes=1), roles={"member"}) if by else self._admin()
        answer = await self.house.ask("checkins", "PATCH", f"/members/{person.id}", token, body)
        assert answer.status_code == 200, answer.text
        self.house.hear()

    async def _as_admin(self, service: str, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self.house.ask(service, method, path, self._admin(), body)

    def _admin(self) -> str:
        return self._token("admin:x", timedelta(minutes=1), roles={"admin"})

    def _token(self, subject: str, life: timedelta, **may: Any) -> str:
        return self.house.issuer.token(subject, life=life, **may)

    def _keep(self, holder: Holder) -> None:
        newest = str(self.house.issuer.keys[-1].kid)
        self.holders.append(holder if holder.service else Holder(**{**vars(holder), "issuer_key": newest}))
        if len(self.holders) > MOST_HOLDERS:
            self.holders.pop(self.random.randrange(MOST_HOLDERS))

    def _keep_key(self, service: str, scopes: frozenset[str], answer: httpx.Response) -> None:
        assert answer.status_code == 201, answer.text
        issued = answer.json()
        ends = datetime.fromisoformat(issued["expires_at"])
        self.model.ends[issued["id"]] = ends
        self._keep(Holder(issued["key"], ends, scopes=scopes, service=service, key=issued["id"]))

    def _a_key(self) -> Holder | None:
        keys = [holder for holder in self.holders if holder.service]
        return self.random.choice(keys) if keys else None

    def _some(self, among: list[str], most: int) -> frozenset[str]:
        return frozenset(self.random.sample(among, self.random.randint(1, min(most, len(among)))))

    def _in(self, life: timedelta) -> datetime:
        return self.model.now + life

    def _move(self, by: timedelta) -> None:
        self.house.clock.now += by
        self.model.now = self.house.clock()

    def _year(self) -> dict[str, str]:
        return {"opens": self.model.now.isoformat(), "closes": (self.model.now + timedelta(days=365)).isoformat()}


CHANGES: dict[Callable[[Organisation], Awaitable[None]], float] = {
    Organisation.sign: 24,
    Organisation.time_passes: 8,
    Organisation.issue_key: 8,
    Organisation.rotate_key: 4,
    Organisation.revoke_key: 3,
    Organisation.issuer_takes_a_new_key: 1,
    Organisation.issuer_withdraws_a_key: 1,
    Organisation.change_consents: 6,
    Organisation.move: 6,
    Organisation.enrol: 4,
    Organisation.erase: 1,
    Organisation.block: 6,
    Organisation.ask_for_contact: 5,
    Organisation.worry: 3,
    Organisation.answer_an_offer: 14,
    Organisation.give_kudos: 4,
}
