"""Who may be asked about an alert, and who first. Recusal comes before ranking, and what isn't known excludes.

Nobody is offered an alert about themselves, about anyone above or below them in the management chain, or one that they
reported; nor whom a conflict, a block or a veto keeps apart from the member; nobody without an endpoint, and nobody who was
erased. A chain with a link that isn't known yet excludes too, and so does not to know what the member said.
Who has carried enough for now rests, and is asked only where nobody else is left: a budget never stands between a person in
distress and the last one who might come, and who rests may decline.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from services.alerts.domain.alert import Alert, Offer, OfferState
from services.alerts.domain.fatigue import WEIGHTS, Carried, rests
from services.alerts.domain.members import Member
from services.alerts.domain.wishes import NOTHING_KNOWN, Wishes
from shared.events.alerts import Tier

ASKED_AGAIN_AFTER = timedelta(minutes=10)
"""After "not now" (our default)."""

CLINICAL_LEAD = "clinical_lead"


class About(Protocol):
    """Whom an alert is about, and who reported it: what recusal goes by."""

    @property
    def member(self) -> UUID: ...

    @property
    def reporters(self) -> tuple[UUID, ...]: ...


@dataclass(frozen=True)
class Candidate:
    """A supporter with at least one active endpoint. `load`: what they accepted in the last weeks, weighted by tier;
    `carried`: what of it counts in their budgets."""

    supporter: UUID
    member: UUID
    languages: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    load: float = 0
    carried: tuple[Carried, ...] = ()
    endpoints: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class Pool:
    """The supporters there are, the members along whose management chains they might be recused, and what was said of whom."""

    candidates: Sequence[Candidate] = ()
    members: Mapping[UUID, Member] = field(default_factory=dict)
    wishes: Wishes = NOTHING_KNOWN

    def endpoints_of(self, supporter: UUID) -> tuple[UUID, ...]:
        return next((each.endpoints for each in self.candidates if each.supporter == supporter), ())

    def with_offers_to(self, supporters: Collection[UUID], tier: Tier) -> "Pool":
        """The pool after more offers, so that alerts decided together are spread."""
        loaded = [_asked(each, tier) if each.supporter in supporters else each for each in self.candidates]
        return replace(self, candidates=loaded) if supporters else self


def eligible(pool: Pool, alert: Alert, at: datetime, skill: str | None = None) -> list[UUID]:
    """The supporters who may be asked now, best first: chosen by the member, then a shared language, then the least load, then
    the id. One who was chosen and rests still rests."""
    able = _able(pool, alert, at, skill)
    rested = [each for each in able if not rests(each.carried, alert.tier, at)]
    subject = pool.members.get(alert.member, Member(alert.member))

    def rank(each: Candidate) -> tuple[bool, bool, float, UUID]:
        chosen = pool.wishes.prefer(alert.member, each.member)
        return not chosen, not _share_language(subject, each), each.load, each.supporter

    return [candidate.supporter for candidate in sorted(rested or able, key=rank)]


def _able(pool: Pool, alert: Alert, at: datetime, skill: str | None) -> list[Candidate]:
    """However much they have carried."""
    return [
        candidate
        for candidate in pool.candidates
        if candidate.endpoints
        and (skill is None or skill in candidate.skills)
        and _may_be_asked(alert.offer_to(candidate.supporter), at)
        and not is_recused(pool, alert, candidate.member)
    ]


def stands_in_the_way(pool: Pool, about: About, person: UUID) -> bool:
    """Whether this person, who isn't asked to help, is known to be somebody who must not hear of this alert: the member, who
    reported it, of the management chain, or kept apart by what was said. Who is no member at all is none of these."""
    return _is_here(pool.members, person) and is_recused(pool, about, person)


def is_recused(pool: Pool, about: About, person: UUID) -> bool:
    """Whether this person must not hear of this alert; true also where what decides it isn't known."""
    members = pool.members
    if person in (about.member, *about.reporters) or not _is_here(members, person) or not _is_here(members, about.member):
        return True
    if pool.wishes.keep_apart(about.member, person):
        return True
    above_member, above_person = chain(members, about.member), chain(members, person)
    return above_member is None or above_person is None or person in above_member or about.member in above_person


def recused(pool: Pool, alert: Alert, supporter: UUID) -> bool:
    """The same of a supporter by their own id; one who is no candidate any more is recused too."""
    person = next((each.member for each in pool.candidates if each.supporter == supporter), None)
    return person is None or is_recused(pool, alert, person)


def chain(members: Mapping[UUID, Member], start: UUID) -> frozenset[UUID] | None:
    """Everybody above a member; None where a link isn't known. A loop ends where it closes."""
    above: set[UUID] = set()
    here: UUID | None = start
    while here is not None:
        member = members.get(here)
        if member is None or not member.known:
            return None
        here = member.manager
        if here in above:
            break
        above.update(() if here is None else (here,))
    return frozenset(above)


def _asked(candidate: Candidate, tier: Tier) -> Candidate:
    return replace(candidate, load=candidate.load + WEIGHTS[tier], carried=(*candidate.carried, Carried(tier)))


def _is_here(members: Mapping[UUID, Member], person: UUID) -> bool:
    member = members.get(person)
    return member is not None and member.known and not member.erased


def _may_be_asked(offer: Offer | None, at: datetime) -> bool:
    """Not twice, but for those who said "not now" a while ago and those whose endpoint was gone and is replaced."""
    if offer is None or offer.state is OfferState.WITHDRAWN:
        return True
    return offer.state is OfferState.POSTPONED and at >= offer.at + ASKED_AGAIN_AFTER


def _share_language(member: Member, candidate: Candidate) -> bool:
    return not {_primary(tag) for tag in member.languages}.isdisjoint(_primary(tag) for tag in candidate.languages)


def _primary(tag: str) -> str:
    """The language of a tag such as `en-GB` (BCP 47)."""
    return tag.lower().split("-")[0]
