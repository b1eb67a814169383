from __future__ import annotations

from shared.events import read_event
from shared.kafka.records import record_of
from shared.store.events import PrivateEvent
from tests.bench.check_ins import Crowd


def test_a_made_check_in_is_in_the_form_in_which_the_relay_sends_one() -> None:
    _, made = next(Crowd("form", 1, 1).records())
    headers = dict(made.headers)
    event = read_event(headers["ce_type"].decode(), made.value)
    stored = PrivateEvent(originator_id=event.subject, originator_version=1, at=event.occurred_at)
    sent = record_of("checkins", 1, stored, event)
    assert (made.key, made.value, made.timestamp_ms) == (sent.key, sent.value, sent.timestamp_ms)
    assert headers | {"ce_id": b""} == dict(sent.headers) | {"ce_id": b""}


def test_a_crowd_of_as_many_events_as_members_hears_from_each() -> None:
    whose = [member for member, _ in Crowd("each", 500, 500).records()]
    assert sorted(whose) == list(range(500))
    assert whose != sorted(whose)


def test_sequences_rise() -> None:
    sequences = [int(dict(record.headers)["ce_sequence"]) for _, record in Crowd("rising", 50, 5).records()]
    assert sequences == list(range(1, 51))
