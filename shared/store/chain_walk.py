"""A store's events held against its chain, in order, and against the heads that Kafka has: pure, a batch at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from eventsourcing.persistence import Notification

from shared.store.chain import hash_after


class Kind(StrEnum):
    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    REORDERED = "reordered"
    UNLINKED = "unlinked"
    NOT_CHAINED = "not chained"
    RELINKED = "relinked"
    REWRITTEN = "rewritten"
    CUT_OFF = "cut off"


SAID = {
    Kind.CHANGED: "was changed",
    Kind.MISSING: "is missing",
    Kind.ADDED: "was added",
    Kind.REORDERED: "stands in another's place",
    Kind.UNLINKED: "is no longer in the chain, whose row was deleted",
    Kind.NOT_CHAINED: "was relayed and is not in the chain: its row was deleted, or it was added",
    Kind.RELINKED: "is what it was, and its row in the chain was changed",
}


@dataclass(frozen=True)
class Finding:
    """The first thing that isn't as it was. Which event is told, never what is in it."""

    kind: Kind
    sequence: int
    aggregate: UUID | None = None
    version: int | None = None
    topic: str | None = None
    said: str = ""
    after: int | None = None
    """Of what was rewritten: the last sequence up to which Kafka agrees."""


def finding(kind: Kind, sequence: int, event: Notification | None) -> Finding:
    if event is None:
        return Finding(kind, sequence, said=f"event {sequence} {SAID[kind]}")
    aggregate, version, topic = UUID(str(event.originator_id)), event.originator_version, event.topic
    said = f"event {sequence} ({topic}, version {version} of {aggregate}) {SAID[kind]}"
    return Finding(kind, sequence, aggregate, version, topic, said)


class Walk:
    """Goes through a service's events from the first one. `chained` is the last sequence that the chain has to have."""

    def __init__(self, genesis: bytes, chained: int) -> None:
        self._hash = genesis
        self._chained = chained
        self.hashes: dict[int, bytes] = {}
        """Of the last batch: what each of its events comes to, up to the one that was found."""
        self.unchained = 0
        self.first_unchained: Notification | None = None

    def take(self, events: Sequence[Notification], rows: Mapping[int, bytes]) -> Finding | None:
        """The next events and the next rows of the chain, both up to the same sequence. What is found first, if anything."""
        self.hashes = {}
        there = {event.id: event for event in events}
        order = sorted(there.keys() | rows.keys())
        for place, sequence in enumerate(order):
            event = there.get(sequence)
            if event is None:
                return finding(Kind.MISSING, sequence, None)
            hash_ = hash_after(self._hash, event)
            if sequence > self._chained:
                self.unchained += 1
                self.first_unchained = self.first_unchained or event
            elif rows.get(sequence) != hash_:
                following = [there[one] for one in order[place + 1 :] if one in there]
                return finding(self._what_happened(event, hash_, following, rows), sequence, event)
            self._hash = self.hashes[sequence] = hash_
        return None

    def _what_happened(
        self, event: Notification, hash_: bytes, following: Sequence[Notification], rows: Mapping[int, bytes]
    ) -> Kind:
        """Told by what the next link follows from; by the last one of a batch nothing more can be told."""
        row, follows_from_it = rows.get(event.id), _follows_from(hash_, following, rows)
        if row is None:
            return {True: Kind.UNLINKED, False: Kind.ADDED, None: Kind.NOT_CHAINED}[follows_from_it]
        if follows_from_it:
            return Kind.RELINKED
        moved = any(hash_after(self._hash, replace(one, id=event.id)) == row for one in following)
        return Kind.REORDERED if moved else Kind.CHANGED


def _follows_from(hash_: bytes, following: Sequence[Notification], rows: Mapping[int, bytes]) -> bool | None:
    """Whether the next link that is there does; None where there is none."""
    for event in following:
        hash_ = hash_after(hash_, event)
        if event.id in rows:
            return rows[event.id] == hash_
    return None
