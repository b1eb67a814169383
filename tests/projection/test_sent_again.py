"""The same events at other offsets: what was parked of them is parked once, and in its order."""

from __future__ import annotations

from shared.projection.engine import Engine
from shared.store.event_store import EventStore
from tests.projection.counting import BEN, TOPIC, moods, parked_offsets, record


def test_what_could_not_be_read_is_not_parked_again_when_it_is_sent_again(engine: Engine, store: EventStore) -> None:
    owned = engine.claim(TOPIC, 0)
    sent = [record(0, mood=1), record(1, value="{", member=BEN), record(2, mood=4, member=BEN)]
    engine.take(owned, sent)
    engine.positions.start_over(owned)
    engine.take(owned, [*sent, record(3, mood=2)])
    assert parked_offsets(store) == [(1, "ValidationError"), (2, None)]
    assert (moods(store), owned.sequence, owned.next_offset) == ([1, 2], 40, 4)


def test_what_is_parked_at_an_offset_that_was_taken_in_another_log_is_kept(engine: Engine, store: EventStore) -> None:
    owned = engine.claim(TOPIC, 0)
    engine.take(owned, [record(0, mood=1), record(1, value="{", sequence=20)])
    engine.positions.start_over(owned)
    engine.take(owned, [record(1, sequence=30, value="{")])
    with store.transaction() as cursor:
        cursor.execute("SELECT record_offset, sequence FROM parked ORDER BY id")
        assert [(row["record_offset"], row["sequence"]) for row in cursor] == [(1, "20"), (1, "30")]
