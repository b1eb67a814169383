"""Generated (organisation, alert, change) cases: who is asked before a change and after, held against the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from uuid import UUID

from services.alerts.domain.alert import Alert, Offer, OfferState
from services.alerts.domain.eligibility import Candidate, Pool, eligible, is_recused, recused
from services.alerts.domain.members import Member
from services.alerts.domain.wishes import Pair, Wishes
from shared.events.alerts import Tier
from tests.oncall.oracle import Said, is_chosen, must_not_hear

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PEOPLE = [UUID(int=number) for number in range(1, 13)]
STRANGER = UUID(int=99)
"""Somebody of whom no event was read."""


@dataclass(frozen=True)
class Case:
    """`said` is all that was said; the pool knows of it what is about the alert's member, as the service's does."""

    pool: Pool
    alert: Alert
    said: tuple[Said, ...] = ()


def a_case(random: Random) -> Case:
    people = PEOPLE[: random.randint(2, len(PEOPLE))]
    members = {one: _member(random, one, people) for one in people if random.random() < 0.95}
    helpers = [one for one in people if random.random() < 0.7]
    candidates = [Candidate(one, one, endpoints=(one,) if random.random() < 0.9 else ()) for one in helpers]
    reporters = tuple(random.sample(people, random.choice((0, 0, 1, 2))))
    asked = [one for one in helpers if random.random() < 0.2]
    offers = tuple(Offer(one, n, NOW, NOW, random.choice(list(OfferState))) for n, one in enumerate(asked, 2))
    tier = random.choice((Tier.ORANGE, Tier.RED))
    alert = Alert(PEOPLE[-1], 9, random.choice(people), tier, (), NOW, reporters, offers=offers)
    said = tuple(_said(random, alert) for _ in range(random.randrange(5)))
    return _case(candidates, members, alert, said)


def _case(candidates: Sequence[Candidate], members: Mapping[UUID, Member], alert: Alert, said: tuple[Said, ...]) -> Case:
    return Case(Pool(candidates, members, _wishes(said, alert.member)), alert, said)


def _said(random: Random, alert: Alert) -> Said:
    """Often by the alert's member or about them."""
    one, other = random.choice([alert.member, *PEOPLE]), random.choice([alert.member, *PEOPLE])
    return Said(random.choice(("conflict", "hr_case", "blocks", "vetoes", "chooses")), one, other)


def _wishes(said: Sequence[Said], member: UUID) -> Wishes:
    """The rows about one member."""

    def pairs(*what: str) -> set[Pair]:
        return {(one.one, one.other) for one in said if one.what in what and member in (one.one, one.other)}

    return Wishes(pairs("conflict", "hr_case"), pairs("blocks"), pairs("vetoes"), pairs("chooses"), frozenset({member}))


def _member(random: Random, one: UUID, people: Sequence[UUID]) -> Member:
    """Often somebody's report; circles, themselves, and managers nobody knows are among them."""
    manager = random.choice([None, *people, *people, STRANGER])
    return Member(one, known=random.random() < 0.95, erased=random.random() < 0.05, manager=manager)


def a_change(random: Random, case: Case) -> Case:
    """Somebody moves, leaves, comes to be known, or starts to support; something is said, or taken back."""
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
    said = list(case.said)
    if said and random.random() < 0.3:
        said.remove(random.choice(said))
    if random.random() < 0.4:
        said.append(_said(random, case.alert))
    return _case(candidates, members, case.alert, tuple(said))


def wrong(case: Case) -> list[str]:
    """What the domain says otherwise than the oracle; for everybody who supports."""
    pool, alert, found = case.pool, case.alert, []
    asked = eligible(pool, alert, NOW)
    for each in pool.candidates:
        out = must_not_hear(pool.members, alert.member, alert.reporters, each.member, case.said)
        if is_recused(pool, alert, each.member) != out or recused(pool, alert, each.supporter) != out:
            found.append(f"{each.member} {'may' if out else 'may not'} hear of it")
        offer = alert.offer_to(each.supporter)
        open_to_it = bool(each.endpoints) and (offer is None or offer.state is OfferState.WITHDRAWN)
        if (each.supporter in asked) != (open_to_it and not out):
            found.append(f"{each.member} is {'' if each.supporter in asked else 'not '}asked")
    chosen = [is_chosen(case.said, alert.member, person) for person in asked]
    if chosen != sorted(chosen, reverse=True):
        found.append("somebody is asked before who was chosen")
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
