from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from services.checkins.domain import CheckInRecorded, MemberEnrolled
from shared.store.events import PrivateEvent, PrivateEventMapper

NOW = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
ADA = UUID(int=1)
MAPPER = PrivateEventMapper()

OLDEST: dict[str, bytes] = {
    "checkins.CheckInRecorded": b'{"originator_id":"00000000-0000-0000-0000-000000000001","originator_version":1,'
    b'"at":"2026-03-02T08:15:00Z","member":"00000000-0000-0000-0000-000000000002","recorded_at":"2026-03-02T08:15:00Z",'
    b'"mood":3}',
    "checkins.DistressFlagged": b'{"originator_id":"00000000-0000-0000-0000-000000000001","originator_version":1,'
    b'"at":"2026-03-02T08:15:00Z","member":"00000000-0000-0000-0000-000000000002","signs":["guilt"]}',
    "checkins.MemberEnrolled": b'{"originator_id":"00000000-0000-0000-0000-000000000001","originator_version":1,'
    b'"at":"2026-03-02T08:15:00Z","name":"c2VhbGVk","place":{"team":"night","timezone":"Europe/Berlin","languages":["de"]},'
    b'"consents":{}}',
    "checkins.MemberErased": b'{"originator_id":"00000000-0000-0000-0000-000000000001","originator_version":4,'
    b'"at":"2026-03-02T08:15:00Z"}',
}
"""Events as they were first stored, before any field that has come or may come later."""


class Before(PrivateEvent, frozen=True, kw_only=True):
    mood: int


class After(PrivateEvent, frozen=True, kw_only=True):
    mood: int
    energy: int | None = None
    tags: tuple[str, ...] = ()


@pytest.mark.parametrize("topic", OLDEST)
def test_an_event_as_it_was_first_stored_is_still_read(topic: str) -> None:
    version = msgspec.json.decode(OLDEST[topic])["originator_version"]
    event = MAPPER.to_domain_event(StoredEvent(ADA, version, topic, OLDEST[topic]))
    assert (event.topic, event.originator_id, event.originator_version, event.at) == (topic, ADA, version, NOW)


def test_an_event_from_before_a_field_existed_has_its_default() -> None:
    old = msgspec.json.encode(Before(originator_id=ADA, originator_version=1, at=NOW, mood=2))
    assert After.decode(old) == After(originator_id=ADA, originator_version=1, at=NOW, mood=2)


def test_an_event_from_after_a_field_existed_is_read_by_an_older_release() -> None:
    new = msgspec.json.encode(After(originator_id=ADA, originator_version=1, at=NOW, mood=2, energy=3, tags=("a",)))
    assert Before.decode(new) == Before(originator_id=ADA, originator_version=1, at=NOW, mood=2)


def test_an_event_is_stored_under_its_services_and_its_own_name() -> None:
    assert (CheckInRecorded.topic, MemberEnrolled.topic) == ("checkins.CheckInRecorded", "checkins.MemberEnrolled")


def test_two_events_of_a_service_cannot_have_one_name() -> None:
    with pytest.raises(TypeError, match=r"checkins\.CheckInRecorded"):
        type("CheckInRecorded", (PrivateEvent,), {"__module__": "services.checkins.domain.elsewhere"})


@given(
    mood=st.integers(1, 5),
    energy=st.none() | st.integers(1, 5),
    note=st.none() | st.binary(max_size=200),
    at=st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
)
def test_any_event_comes_back_as_it_was(mood: int, energy: int | None, note: bytes | None, at: datetime) -> None:
    event = CheckInRecorded(
        originator_id=ADA, originator_version=1, at=at, member=ADA, recorded_at=at, mood=mood, energy=energy, note=note
    )
    stored = MAPPER.to_stored_event(event)
    assert (stored.originator_id, stored.originator_version, stored.topic) == (ADA, 1, "checkins.CheckInRecorded")
    assert MAPPER.to_domain_event(stored) == event
