"""The simulated organisation: who is in it, and two weeks of what they post. Pure, and the same for the same seed.

Moods follow a person's own level with noise and a day's carry-over (an AR(1) of 0.4); a few weeks go badly. What must be
answered by an alert is planned, one for each of some members, and every other check-in stays clear of the cut-offs.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

MEMBERS = 120
SUPPORTERS = 6
DAYS = 14
CARRY_OVER = 0.4
ANSWERED = 0.75
"""The share of days on which somebody checks in."""

TEAMS = ("care", "kitchen", "transport", "office")
LANGUAGES = (("nl",), ("fr",), ("en",), ("nl", "en"))
CATEGORIES = ("supported_someone", "sought_help", "coped", "taught", "collaborated")
KUDOS = 60
ANSWERS = 30


@dataclass(frozen=True)
class Call:
    """One POST of the two weeks. `expects_alert` where a supporter must be reached because of it."""

    at: datetime
    kind: str
    member: int
    body: dict[str, Any]
    expects_alert: bool = False


@dataclass(frozen=True)
class Plan:
    """Members are numbers here; they get their ids when they are enrolled. The last ones are the supporters."""

    members: list[dict[str, Any]]
    days: list[list[Call]]
    kudos: list[tuple[int, int, str]]
    answers: list[dict[str, int]]
    expected: set[int] = field(default_factory=set)


def plan(seed: int, now: datetime) -> Plan:
    """Two weeks that end yesterday."""
    chance = random.Random(seed)  # noqa: S311 - a simulation, not a secret
    members = [_member(number, chance) for number in range(MEMBERS + SUPPORTERS)]
    first = (now - timedelta(days=DAYS)).replace(hour=8, minute=0, second=0, microsecond=0)
    levels = [chance.gauss(3.4, 0.5) for _ in range(MEMBERS)]
    days: list[list[Call]] = []
    carried = [0.0] * MEMBERS
    for day in range(DAYS):
        days.append(_day(first + timedelta(days=day), levels, carried, chance))
    expected = _plan_alerts(days, chance)
    kudos = [_kudos(chance) for _ in range(KUDOS)]
    answers = [{f"item_{item}": chance.randint(0, 3) for item in range(1, 5)} for _ in range(ANSWERS)]
    return Plan(members, days, kudos, answers, expected)


def _member(number: int, chance: random.Random) -> dict[str, Any]:
    return {
        "name": f"Simulated Person {number}",
        "team": TEAMS[number % len(TEAMS)],
        "timezone": "Europe/Brussels",
        "country": "BE",
        "languages": chance.choice(LANGUAGES),
        "consents": {"analytics": True, "text": True, "contact": True},
    }


def _day(morning: datetime, levels: list[float], carried: list[float], chance: random.Random) -> list[Call]:
    calls = []
    for member, level in enumerate(levels):
        carried[member] = CARRY_OVER * carried[member] + chance.gauss(0, 0.8)
        if chance.random() < ANSWERED:
            at = morning + timedelta(minutes=chance.randrange(600))
            calls.append(Call(at, "check-in", member, _check_in(level + carried[member], at, chance)))
    return sorted(calls, key=lambda call: call.at)


def _check_in(feeling: float, at: datetime, chance: random.Random) -> dict[str, Any]:
    mood = min(5, max(2, round(feeling)))
    return {
        "mood": mood,
        "energy": min(5, max(2, mood + chance.choice((-1, 0, 0, 1)))),
        "stress": min(4, max(1, 6 - mood + chance.choice((-1, 0, 0)))),
        "recorded_at": at.isoformat(),
    }


def _plan_alerts(days: list[list[Call]], chance: random.Random) -> set[int]:
    """Nine requests for a person, three colleagues' urgent flags and three days on which every cut-off is met."""
    chosen = chance.sample(range(MEMBERS), 15)
    for index, member in enumerate(chosen):
        day = days[1 + index % (DAYS - 1)]
        at = day[len(day) // 2].at
        day.append(_alerting(index, member, at))
        day.sort(key=lambda call: call.at)
    return set(chosen)


def _alerting(index: int, member: int, at: datetime) -> Call:
    said = {"recorded_at": at.isoformat()}
    if index < 9:
        return Call(at, "check-in", member, {"mood": 2, "wants_contact": True, **said}, expects_alert=True)
    if index < 12:
        return Call(at, "flag", member, {"signs": ["hopelessness", "mood_change"], "urgent": True}, expects_alert=True)
    return Call(at, "check-in", member, {"mood": 1, "energy": 1, "stress": 5, **said}, expects_alert=True)


def _kudos(chance: random.Random) -> tuple[int, int, str]:
    """Ten people give about half of it, so that the board has a top."""
    giver = chance.choice((chance.randrange(10), chance.randrange(MEMBERS)))
    receiver = chance.choice([member for member in range(MEMBERS) if member != giver])
    return giver, receiver, chance.choice(CATEGORIES)
