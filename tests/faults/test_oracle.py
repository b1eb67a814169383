from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from deploy.layout import CHECKOUT
from deploy.roster import processes, services
from services.recognition.views import KUDOS_PER_DAY, MEMBERS
from shared.events import PublicEvent, checkins, recognition
from tests.faults.oracle import READERS, Difference, compare, erased, expected_states, folded
from tests.faults.settling import PUBLISHERS

NOW = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
ANNA, BART = UUID(int=1), UUID(int=2)


def test_a_row_that_is_missing_changed_or_left_over_is_a_difference() -> None:
    states = folded(MEMBERS, [_enrolled(ANNA), _enrolled(BART)])
    left_over = (UUID(int=3),)
    found = {(ANNA,): "night", left_over: "care"}
    assert compare("members", states, states) == []
    assert compare("members", states, found) == [
        Difference("members", (ANNA,), "care", "night"),
        Difference("members", (BART,), "care", None),
        Difference("members", left_over, None, "care"),
    ]


def test_who_was_erased_is_expected_nowhere_whichever_topic_was_read_first() -> None:
    of_members: list[PublicEvent] = [_enrolled(ANNA), _enrolled(BART), checkins.MemberErased(occurred_at=NOW, member=ANNA)]
    kudos = [_kudos(ANNA), _kudos(BART), _kudos(BART)]
    assert folded(MEMBERS, of_members) == {(BART,): "care"}
    assert expected_states(KUDOS_PER_DAY, kudos, erased(of_members)) == {(BART, NOW.date()): 2}


def test_every_service_that_reads_or_publishes_is_waited_for_and_held_against_the_fold() -> None:
    roles = processes(services(CHECKOUT))
    assert {service for service, role in roles if role == "stream"} == READERS.keys()
    assert {service for service, role in roles if role == "relay"} == set(PUBLISHERS)


def _enrolled(member: UUID) -> PublicEvent:
    return checkins.MemberEnrolled(
        occurred_at=NOW,
        member=member,
        consents=checkins.Consents(analytics=True, text=True, contact=True),
        team="care",
        manager=None,
        timezone="Europe/Brussels",
        country=None,
        languages=("nl",),
    )


def _kudos(giver: UUID) -> PublicEvent:
    return recognition.KudosGiven(
        occurred_at=NOW, kudos=uuid4(), giver=giver, receivers=(UUID(int=9),), category=recognition.Category.COPED
    )
