from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.checkins import domain, relay
from services.checkins.domain.language.packs import shipped
from services.checkins.domain.member import Consented
from shared.events import all_events, checkins
from shared.store.events import PrivateEvent, PrivateEventMapper

NOW = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
EARLIER = datetime(2026, 3, 1, tzinfo=UTC)
ADA, BEN, IT = UUID(int=1), UUID(int=2), UUID(int=9)
CANARY = b"a canary that must not leave"
PLACE = domain.Place(team="night", manager=BEN, timezone="Europe/Berlin", country="DE", languages=("de", "en"))
CONSENTED = Consented(analytics=True, contact=True)
AGREED = checkins.Consents(analytics=True, contact=True)
WHERE = {"team": "night", "manager": BEN, "timezone": "Europe/Berlin", "country": "DE", "languages": ("de", "en")}
MEMBER = domain.Member(ADA, 4, PLACE, CONSENTED)

STORED: dict[type[PrivateEvent], PrivateEvent] = {
    type(event): event
    for event in (
        domain.Member.enrol(ADA, CANARY, PLACE, CONSENTED, NOW),
        *MEMBER.change(NOW, domain.Place(team="x", timezone="UTC", languages=("en",)), Consented()),
        MEMBER.rename(NOW, 7, CANARY),
        MEMBER.erase(NOW),
        domain.CheckIn(IT, ADA, EARLIER, 2, 3, 4, wants_contact=True).record(NOW, CANARY),
        domain.DistressFlag(IT, ADA, ("guilt",), BEN, urgent=True).raise_flag(NOW, CANARY),
    )
}
PRIVATE = {domain.MemberRenamed}
"""Whose name it is now is nobody else's business."""


def test_every_stored_event_is_tried_here() -> None:
    assert set(STORED) == {kind for kind in vars(domain).values() if isinstance(kind, type) and issubclass(kind, PrivateEvent)}


@pytest.mark.parametrize("event", STORED.values(), ids=lambda event: type(event).__name__)
def test_every_event_but_a_new_name_is_published_under_its_member(event: PrivateEvent) -> None:
    public = relay.translate(event)
    assert (public is None) == (type(event) in PRIVATE)
    assert public is None or (public.subject == ADA and public.service == "checkins" and public.occurred_at == NOW)


@pytest.mark.parametrize("event", STORED.values(), ids=lambda event: type(event).__name__)
def test_nothing_sealed_or_free_passes(event: PrivateEvent) -> None:
    public = relay.translate(event)
    assert public is None or CANARY.decode() not in public.model_dump_json()


def test_everything_that_checkins_may_publish_is_published() -> None:
    published = {type(public) for event in STORED.values() if (public := relay.translate(event))}
    assert published == {kind for name, kind in all_events().items() if name.startswith("checkins.")}


def test_a_check_in_keeps_its_numbers_and_both_times() -> None:
    assert relay.translate(STORED[domain.CheckInRecorded]) == checkins.CheckInRecorded(
        occurred_at=NOW, member=ADA, check_in=IT, recorded_at=EARLIER, mood=2, energy=3, stress=4, wants_contact=True
    )


def test_of_a_note_only_categories_rules_and_weights_travel() -> None:
    found = domain.language.analyse("I feel hopeless and I want to die").findings()
    event = domain.CheckIn(IT, ADA, EARLIER, 1).record(NOW, CANARY, found)
    public = relay.translate(event)
    assert isinstance(public, checkins.CheckInRecorded)
    assert [(one.category.value, one.rule, one.rules_version) for one in public.findings] == [
        ("self_harm", "en-wish", 1),
        ("hopelessness", "en-despair", 1),
    ]
    assert PrivateEventMapper().to_domain_event(PrivateEventMapper().to_stored_event(event)) == event


def test_every_category_of_every_pack_may_travel() -> None:
    assert {category for pack in shipped() for category in pack.categories} <= set(checkins.NoteCategory)


def test_a_flag_keeps_its_signs_and_its_reporter() -> None:
    assert relay.translate(STORED[domain.DistressFlagged]) == checkins.DistressFlagged(
        occurred_at=NOW, member=ADA, flag=IT, signs=(checkins.Sign.GUILT,), reporter=BEN, urgent=True
    )


def test_an_enrolment_says_where_the_member_belongs_and_what_they_agreed_to() -> None:
    assert relay.translate(STORED[domain.MemberEnrolled]) == checkins.MemberEnrolled(
        occurred_at=NOW, member=ADA, consents=AGREED, **WHERE
    )


def test_anothers_event_is_not_published() -> None:
    class Unrelated(PrivateEvent, frozen=True, kw_only=True):
        pass

    assert relay.translate(Unrelated(originator_id=ADA, originator_version=1, at=NOW)) is None
