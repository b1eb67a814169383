"""Recusal before ranking, failing closed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.alerts.domain.alert import Alert, Offer, OfferState
from services.alerts.domain.eligibility import ASKED_AGAIN_AFTER, Candidate, Pool, chain, eligible, is_recused
from services.alerts.domain.members import Member
from services.alerts.domain.wishes import NOTHING_SAID, Wishes
from shared.events.alerts import Tier

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PEOPLE = [UUID(int=number) for number in range(8)]


def member(id_: UUID, manager: UUID | None = None, **values: object) -> Member:
    return replace(Member(id_, known=True, manager=manager), **values)  # type: ignore[arg-type]


def alert_about(id_: UUID, offers: tuple[Offer, ...] = (), reporter: UUID | None = None) -> Alert:
    return Alert(uuid4(), 1, id_, Tier.ORANGE, (), NOW, (reporter,) if reporter else (), offers=offers)


def candidate(person: UUID, **values: object) -> Candidate:
    return replace(Candidate(person, person, endpoints=(uuid4(),)), **values)  # type: ignore[arg-type]


def pool(*members: Member, candidates: list[Candidate] | None = None) -> Pool:
    asked = candidates if candidates is not None else [candidate(each.id) for each in members]
    return Pool(asked, {each.id: each for each in members}, NOTHING_SAID)


def asked(pool: Pool, alert: Alert) -> list[UUID]:
    return eligible(pool, alert, NOW)


def test_a_colleague_is_eligible_and_the_member_is_not() -> None:
    me, colleague = PEOPLE[:2]
    assert asked(pool(member(me), member(colleague)), alert_about(me)) == [colleague]


def test_nobody_above_or_below_in_the_chain_is_asked() -> None:
    boss, lead, me, report = PEOPLE[:4]
    org = pool(member(boss), member(lead, boss), member(me, lead), member(report, me))
    assert asked(org, alert_about(me)) == []


def test_a_colleague_under_the_same_manager_is_asked() -> None:
    boss, me, colleague = PEOPLE[:3]
    org = pool(member(boss), member(me, boss), member(colleague, boss))
    assert asked(org, alert_about(me)) == [colleague]


def test_who_flagged_it_is_not_asked() -> None:
    me, reporter = PEOPLE[:2]
    assert asked(pool(member(me), member(reporter)), alert_about(me, reporter=reporter)) == []


def test_an_unknown_link_in_either_chain_excludes() -> None:
    me, colleague, unknown = PEOPLE[:3]
    assert asked(pool(member(me, unknown), member(colleague)), alert_about(me)) == []
    assert asked(pool(member(me), member(colleague, unknown)), alert_about(me)) == []


def test_the_erased_and_the_unknown_are_not_asked() -> None:
    me, erased, unknown = PEOPLE[:3]
    people = [candidate(erased), candidate(unknown)]
    assert asked(pool(member(me), member(erased, erased=True), candidates=people), alert_about(me)) == []


def test_nobody_without_an_endpoint_is_asked() -> None:
    me, colleague = PEOPLE[:2]
    people = [candidate(colleague, endpoints=())]
    assert asked(pool(member(me), member(colleague), candidates=people), alert_about(me)) == []


def test_nobody_is_asked_twice_but_after_not_now_and_after_a_gone_endpoint() -> None:
    me, colleague = PEOPLE[:2]
    again = {
        state: bool(asked(pool(member(me), member(colleague)), alert_about(me, (_offer(colleague, state),))))
        for state in OfferState
    }
    assert [state for state, may_be in again.items() if may_be] == [OfferState.POSTPONED, OfferState.WITHDRAWN]
    fresh = _offer(colleague, OfferState.POSTPONED, NOW - ASKED_AGAIN_AFTER + timedelta(seconds=1))
    assert asked(pool(member(me), member(colleague)), alert_about(me, (fresh,))) == []


def test_a_shared_language_comes_first_then_the_least_load_then_the_id() -> None:
    me, a, b, c, d = PEOPLE[:5]
    people = [
        candidate(a, languages=("fr",)),
        candidate(b, languages=("en-GB",), load=2),
        candidate(d, languages=("en",), load=1),
        candidate(c, languages=("en",), load=1),
    ]
    org = pool(member(me, languages=("en",)), *map(member, (a, b, c, d)), candidates=people)
    assert asked(org, alert_about(me)) == [c, d, b, a]


def test_a_conflict_keeps_two_apart_either_way() -> None:
    me, a, b = PEOPLE[:3]
    org = replace(pool(member(me), member(a), member(b)), wishes=Wishes(conflicts={(me, a)}))
    assert asked(org, alert_about(me)) == [b]
    assert asked(org, alert_about(a)) == [b]


def test_whom_the_member_blocks_or_vetoes_is_not_asked_about_them_and_they_may_be_asked_about_those() -> None:
    me, a, b, c = PEOPLE[:4]
    org = replace(pool(*map(member, (me, a, b, c))), wishes=Wishes(blocked={(me, a)}, vetoed={(me, b)}))
    assert asked(org, alert_about(me)) == [c]
    assert me in asked(org, alert_about(a))
    assert me in asked(org, alert_about(b))


def test_whom_the_member_chose_is_asked_first_whatever_their_language_and_load() -> None:
    me, a, b = PEOPLE[:3]
    people = [candidate(a, languages=("en",)), candidate(b, load=5)]
    org = pool(member(me, languages=("en",)), member(a), member(b), candidates=people)
    assert asked(org, alert_about(me)) == [a, b]
    assert asked(replace(org, wishes=Wishes(chosen={(me, b)})), alert_about(me)) == [b, a]


def test_a_choice_recuses_nobody_and_lets_nobody_in() -> None:
    boss, me, a = PEOPLE[:3]
    org = pool(member(boss), member(me, boss), member(a))
    assert asked(replace(org, wishes=Wishes(chosen={(me, boss)})), alert_about(me)) == [a]


def test_where_it_is_not_known_what_the_member_said_nobody_is_asked() -> None:
    me, a = PEOPLE[:2]
    org = pool(member(me), member(a))
    assert asked(replace(org, wishes=Wishes(of={me})), alert_about(me)) == [a]
    assert asked(replace(org, wishes=Wishes(of={a})), alert_about(me)) == []
    assert asked(Pool(org.candidates, org.members), alert_about(me)) == [], "nor where nobody has looked"


def test_alerts_decided_together_are_spread() -> None:
    me, a, b = PEOPLE[:3]
    org = pool(member(me), member(a), member(b))
    first = asked(org, alert_about(me))[0]
    second = asked(org.with_offers_to({first}, Tier.ORANGE), alert_about(me))[0]
    assert {first, second} == {a, b}


def test_a_loop_in_the_chain_ends() -> None:
    a, b = PEOPLE[:2]
    assert chain({a: member(a, b), b: member(b, a)}, a) == frozenset({a, b})


managers = st.dictionaries(st.sampled_from(PEOPLE), st.none() | st.sampled_from(PEOPLE))


@given(managers, st.sampled_from(PEOPLE), st.none() | st.sampled_from(PEOPLE))
def test_whoever_is_eligible_has_no_conflict_whatever_the_organisation(
    org: Mapping[UUID, UUID | None], subject: UUID, reporter: UUID | None
) -> None:
    people = [candidate(person) for person in PEOPLE]
    known = pool(*(member(id_, manager) for id_, manager in org.items()), candidates=people)
    alert = alert_about(subject, reporter=reporter)
    for supporter in asked(known, alert):
        assert supporter not in (subject, reporter)
        assert supporter not in _above(org, subject)
        assert subject not in _above(org, supporter)


@given(managers, st.sampled_from(PEOPLE), st.sampled_from(PEOPLE))
def test_recusal_is_mutual(org: Mapping[UUID, UUID | None], one: UUID, other: UUID) -> None:
    known = pool(*(member(id_, manager) for id_, manager in org.items()))
    assert is_recused(known, alert_about(one), other) == is_recused(known, alert_about(other), one)


def _above(org: Mapping[UUID, UUID | None], person: UUID) -> set[UUID]:
    """Everybody above, found another way; everybody there is where a link isn't known."""
    seen: set[UUID] = set()
    todo = [person]
    while todo:
        here = todo.pop()
        if here not in org:
            return set(PEOPLE)
        manager = org[here]
        if manager is not None and manager not in seen:
            seen.add(manager)
            todo.append(manager)
    return seen


def _offer(supporter: UUID, state: OfferState, at: datetime = NOW - ASKED_AGAIN_AFTER) -> Offer:
    return Offer(supporter, 2, at, at, state)
