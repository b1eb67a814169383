"""What must hold, written from what the practice asks and not from the code that is held against it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.alerts.domain.members import Member


@dataclass(frozen=True)
class Said:
    """A `conflict` or an `hr_case` between two, or that one `blocks`, `vetoes` or `chooses` the other."""

    what: str
    one: UUID
    other: UUID


def must_not_hear(
    members: Mapping[UUID, Member], subject: UUID, reporters: Collection[UUID], person: UUID, said: Collection[Said] = ()
) -> bool:
    """Whether this person is the member, who reported it, above or below the member; or whether that isn't known; or whether
    something that was said keeps the two apart."""
    if person == subject or person in reporters or any(_keeps_apart(one, subject, person) for one in said):
        return True
    return any(_above(members, one, other) is not False for one, other in ((subject, person), (person, subject)))


def is_chosen(said: Collection[Said], subject: UUID, person: UUID) -> bool:
    return Said("chooses", subject, person) in said


def _keeps_apart(said: Said, subject: UUID, person: UUID) -> bool:
    """A conflict concerns both, a block and a veto only those who are asked about whoever said so."""
    if said.what in ("conflict", "hr_case"):
        return {said.one, said.other} == {subject, person}
    return said.what in ("blocks", "vetoes") and said.one == subject and said.other == person


def _above(members: Mapping[UUID, Member], lower: UUID, upper: UUID) -> bool | None:
    """Whether `upper` is somewhere above `lower`; None where nobody can say."""
    here, steps = members.get(lower), 0
    if upper not in members or members[upper].erased:
        return None
    while here is not None and here.known and not (here.erased and here.id == lower) and steps <= len(members):
        if here.manager is None:
            return False
        if here.manager == upper:
            return True
        here, steps = members.get(here.manager), steps + 1
    return False if steps > len(members) else None


def over_budget(accepted: Iterable[tuple[datetime, bool]], at: datetime) -> bool:
    """Whether more than 2 were accepted in the 12 hours to `at`, or more than one red one in the 24."""
    lately = [(when, red) for when, red in accepted if when <= at]
    within_half_a_day = sum(at - when < timedelta(hours=12) for when, _ in lately)
    red_within_a_day = sum(red and at - when < timedelta(hours=24) for when, red in lately)
    return within_half_a_day > 2 or red_within_a_day > 1


def jain(loads: Iterable[float]) -> float:
    """Jain's index of fairness: 1 where all carry the same, 1/n where one carries all (Jain, Chiu, Hawe 1984)."""
    values = list(loads)
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else 1.0
