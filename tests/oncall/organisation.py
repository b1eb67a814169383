"""A made-up organisation for simulated days of on-call: who works under whom, who supports, and how supporters behave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from services.alerts.domain.eligibility import CLINICAL_LEAD
from services.alerts.domain.members import Member

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata")
LANGUAGES = ("en", "de", "hi")
AWAKE_FROM, AWAKE_UNTIL = 7, 23
ASLEEP_HEARS = 0.15
"""How often somebody who is asleep hears an alert."""


@dataclass(frozen=True)
class Supporter:
    """`accepts`, `declines` and `postpones` are probabilities; otherwise they never answer. Answers take a lognormal time."""

    id: UUID
    member: UUID
    languages: tuple[str, ...]
    skills: tuple[str, ...]
    zone: ZoneInfo
    accepts: float
    declines: float
    postpones: float
    median_seconds: float
    forgets: float
    away: tuple[tuple[datetime, datetime], ...]
    """While their endpoint is dead."""

    def is_reached(self, at: datetime) -> bool:
        return not any(start <= at < end for start, end in self.away)

    def is_awake(self, at: datetime) -> bool:
        return AWAKE_FROM <= at.astimezone(self.zone).hour < AWAKE_UNTIL

    def answer(self, at: datetime, random: Random) -> tuple[str | None, timedelta]:
        """A step, or none, and after how long."""
        after = timedelta(seconds=random.lognormvariate(0, 0.7) * self.median_seconds)
        if not self.is_awake(at) and random.random() > ASLEEP_HEARS:
            return None, after
        drawn = random.random()
        for step, share in (("accept", self.accepts), ("decline", self.declines), ("later", self.postpones)):
            if drawn < share:
                return step, after
            drawn -= share
        return None, after


@dataclass
class Organisation:
    members: dict[UUID, Member]
    supporters: Mapping[UUID, Supporter] = field(default_factory=dict)

    def moves(self, random: Random) -> None:
        """Somebody gets another manager; circles are possible, as they are in real directories."""
        person, manager = random.choice(list(self.members)), random.choice(list(self.members))
        self.members[person] = Member(person, True, False, manager, self.members[person].languages)


def an_organisation(random: Random, people: int, supporters: int, start: datetime, days: int) -> Organisation:
    """Spans of about seven under each manager; supporters for each language as there are people of it, and at least five."""
    ids = [UUID(int=random.getrandbits(128)) for _ in range(people)]
    members = {
        one: Member(one, True, False, ids[(n - 1) // 7] if n else None, (random.choices(LANGUAGES, (6, 3, 1))[0],))
        for n, one in enumerate(ids)
    }
    speaking = [[one for one in ids if members[one].languages == (language,)] for language in LANGUAGES]
    counts = [max(5, round(supporters * len(group) / people)) for group in speaking]
    counts[0] += supporters - sum(counts)
    asked = [one for group, count in zip(speaking, counts, strict=True) for one in random.sample(group, count)]
    helpers = (_supporter(random, n, members[one], start, days) for n, one in enumerate(asked))
    return Organisation(members, {one.id: one for one in helpers})


def _supporter(random: Random, n: int, member: Member, start: datetime, days: int) -> Supporter:
    accepts, declines, postpones = random.uniform(0.4, 0.9), random.uniform(0, 0.15), random.uniform(0, 0.1)
    gone = [start + timedelta(days=random.uniform(0, days)) for _ in range(random.randrange(4))]
    return Supporter(
        UUID(int=random.getrandbits(128)),
        member.id,
        tuple({"en", *member.languages}),
        (CLINICAL_LEAD,) if n % 10 == 0 else (),
        ZoneInfo(random.choices(ZONES, (5, 3, 2))[0]),
        accepts,
        declines,
        postpones,
        random.uniform(15, 120),
        random.uniform(0, 0.1),
        tuple((at, at + timedelta(hours=random.expovariate(1 / 5))) for at in gone),
    )
