"""Generated (organisation, alert, change) cases: who is asked before a change and after, held against the oracle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from uuid import UUID

from services.alerts.domain.alert import Alert, Offer, OfferState
from services.alerts.domain.eligibility import Candidate, Pool, eligible, is_recused, recused
from services.alerts.domain.members import Member
from shared.events.alerts import Tier
from tests.oncall.oracle import must_not_hear

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PEOPLE = [UUID(int=number) for number in range(1, 13)]
STRANGER = UUID(int=99)
"""Somebody of whom no event was read."""


@dataclass(frozen=True)
class Case:
    pool: Pool
    alert: Alert


def a_case(random: Random) -> Case:
    people = PEOPLE[: random.randint(2, len(PEOPLE))]
    members = {one: _member(random, one, people) for one in people if random.random() < 0.95}
    helpers = [one for one in people if random.random() < 0.7]
    candidates = [Candidate(one, one, endpoints=(one,) if random.random() < 0.9 else ()) for one in helpers]
    reporters = tuple(random.sample(people, random.choice((0, 0, 1, 2))))
    asked = [one for one in helpers if random.random() < 0.2]
    offers = tuple(Offer(one, n, NOW, NOW, random.choice(list(OfferState))) for n, one in enumerate(asked, 2))
    tier = random.choice((Tier.ORANGE, Tier.RED))
    return Case(Pool(candidates, members), Alert(PEOPLE[-1], 9, random.choice(people), tier, (), NOW, reporters, offers=offers))


def _member(random: Random, one: UUID, people: Sequence[UUID]) -> Member:
    """Often somebody's report; circles, themselves, and managers nobody knows are among them."""
    manager = random.choice([None, *people, *people, STRANGER])
    return Member(one, known=random.random() < 0.95, erased=random.random() < 0.05, manager=manager)


def a_change(random: Random, case: Case) -> Case:
    """Somebody moves, leaves, comes to be known, or starts to support."""
    members = dict(case.pool.members)
    one = random.choice([*members, PEOPLE[0]])
    before = members.get(one, Member(one))
    managers = [None, *PEOPLE, case.alert.member, *(each.member for each in case.pool.candidates)]
    changes: list[Callable[[], Member]] = [
        lambda: replace(before, manager=random.choice(managers)),
        lambda: replace(before, erased=True),
        lambda: replace(before, known=True),
    ]
    members[one] = random.choice(changes)()
    candidates = list(case.pool.candidates)
    if random.random() < 0.2:
        new = random.choice(PEOPLE)
        candidates = [*(each for each in candidates if each.supporter != new), Candidate(new, new, endpoints=(new,))]
    return Case(Pool(candidates, members), case.alert)


def wrong(case: Case) -> list[str]:
    """What the domain says otherwise than the oracle; for everybody who supports."""
    pool, alert, found = case.pool, case.alert, []
    asked = set(eligible(pool, alert, NOW))
    for each in pool.candidates:
        out = must_not_hear(pool.members, alert.member, alert.reporters, each.member)
        if is_recused(pool, alert, each.member) != out or recused(pool, alert, each.supporter) != out:
            found.append(f"{each.member} {'may' if out else 'may not'} hear of it")
        offer = alert.offer_to(each.supporter)
        open_to_it = bool(each.endpoints) and (offer is None or offer.state is OfferState.WITHDRAWN)
        if (each.supporter in asked) != (open_to_it and not out):
            found.append(f"{each.member} is {'' if each.supporter in asked else 'not '}asked")
    return found


def violations(seed: int, cases: int) -> tuple[int, list[str]]:
    """How many people were judged, and what was wrong: each case before and after its change."""
    random, judged, found = Random(seed), 0, []
    for number in range(cases):
        before = a_case(random)
        after = a_change(random, before)
        for case in (before, after):
            judged += len(case.pool.candidates)
            found += [f"case {number} of seed {seed}: {one}" for one in wrong(case)]
    return judged, found
