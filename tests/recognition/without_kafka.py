"""What a reader hears, without a broker: real records through the real engine into the real database."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from shared.events import PublicEvent
from shared.events.checkins import Consents, MemberEnrolled, MemberErased, MemberMoved
from shared.kafka.records import Record, record_of
from shared.projection.engine import Engine
from shared.projection.generations import Generations
from shared.projection.reader import Reader, topics_of
from shared.store.event_store import EventStore
from shared.store.events import PrivateEvent

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
"""A Wednesday."""


class StandingClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Stored(PrivateEvent, frozen=True, kw_only=True):
    """Stands for another service's stored event."""


class Hearing:
    """One partition of each topic, at its end after every call."""

    def __init__(self, store: EventStore, reader: Reader, translate: Callable[[PrivateEvent], PublicEvent | None]) -> None:
        self._store = store
        Generations(reader.name, reader.views).prepare(store)
        self._engine = Engine(store, reader.name, reader.views, reader.follow)
        self._translate = translate
        self._owned = {topic: self._engine.claim(topic, 0) for topic in topics_of(reader.views)}
        self._relayed = 0
        self._sequence = 0

    def from_checkins(self, *events: PublicEvent) -> None:
        """In one batch."""
        self._take("checkins", [(self._next(), _stored(), event) for event in events])

    def unreadable(self, member: UUID) -> None:
        """A record from checkins that no release can read."""
        owned = self._owned["checkins.events"]
        headers = [("ce_type", MemberMoved.type().encode()), ("ce_sequence", str(self._next()).encode())]
        self._engine.take(owned, [Record(owned.topic, 0, owned.next_offset, str(member).encode(), b"{", headers)])

    def retry(self) -> None:
        """What the worker does every second."""
        for owned in self._owned.values():
            self._engine.retry(owned)

    def own(self) -> None:
        """Everything this service has stored since it was last asked."""
        for sequence, stored in self._store.notifications(self._relayed, 10_000):
            event = self._translate(stored)
            if event is not None and f"{self._store.service}.events" in self._owned:
                self._take(self._store.service, [(sequence, stored, event)])
            self._relayed = sequence

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence

    def _take(self, publisher: str, published: Sequence[tuple[int, PrivateEvent, PublicEvent]]) -> None:
        owned = self._owned[f"{publisher}.events"]
        sent = [record_of(publisher, *one) for one in published]
        offsets = itertools.count(owned.next_offset)
        self._engine.take(owned, [Record(owned.topic, 0, next(offsets), one.key, one.value, one.headers) for one in sent])


def _stored() -> Stored:
    return Stored(originator_id=uuid4(), originator_version=1, at=NOON)


def enrolled(member: UUID, team: str = "care") -> MemberEnrolled:
    return MemberEnrolled(
        occurred_at=NOON, member=member, team=team, timezone="Europe/Brussels", languages=("nl",), consents=Consents()
    )


def moved(member: UUID, team: str) -> MemberMoved:
    return MemberMoved(occurred_at=NOON, member=member, team=team, timezone="Europe/Brussels", languages=("nl",))


def erased(member: UUID) -> MemberErased:
    return MemberErased(occurred_at=NOON, member=member)
