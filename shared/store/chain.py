"""A hash over each stored event and all that were stored before it, in a table beside the events.

It runs over the bytes as they are stored, so that nobody needs a key to check it, and destroying one changes nothing.
"""

import struct
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple, cast
from uuid import UUID

from eventsourcing.persistence import Notification
from psycopg import Cursor
from psycopg.rows import DictRow

from shared.observability import CHAIN_BROKEN
from shared.store.event_store import Conflict, EventStore

SCHEMA = ("CREATE TABLE IF NOT EXISTS chain (notification_id bigint PRIMARY KEY, hash bytea NOT NULL)",)

FIXED = struct.Struct(">q16sqQQ")
"""Notification id, aggregate, version, and the lengths of what follows: no two events come to the same bytes."""

CATCH_UP = 10_000
"""Events in one step of an older store's: new ones wait some tenths of a second for it."""


class Link(NamedTuple):
    """An event's place in the chain."""

    sequence: int
    hash: bytes


class Tampered(Exception):
    """What is stored is not what was chained. Only `verify` can say what else was changed."""


def genesis(service: str) -> bytes:
    """What comes before a service's first event."""
    return sha256(b"alongside chain 1 " + service.encode()).digest()


def hash_after(before: bytes, event: Notification) -> bytes:
    topic, state = (event.topic or "").encode(), event.state or b""  # whoever may write may also write NULL
    fixed = FIXED.pack(event.id, cast(UUID, event.originator_id).bytes, event.originator_version, len(topic), len(state))
    return sha256(b"".join((before, fixed, topic, state))).digest()


def links_after(before: bytes, events: Sequence[Notification]) -> list[Link]:
    links: list[Link] = []
    for event in events:
        before = hash_after(before, event)
        links.append(Link(event.id, before))
    return links


class Chain:
    """The chain as the one who leads extends it."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self.tail = Link(0, genesis(store.service))
        self._reached = 0

    def read(self) -> None:
        """Goes on from the last link that is stored."""
        self.tail = self._link_up_to(None)
        self._reached = self.tail.sequence

    def behind(self, position: int) -> bool:
        """Whether events up to this position wait to be chained."""
        return self._reached < position

    def links(self, after: int, events: Sequence[Notification]) -> list[Link]:
        """The new links of what is stored after a position; none while the chain is behind that. Raises Tampered where one
        that was chained already isn't what it was."""
        if self.behind(after) or not events:
            return []
        chained = [event for event in events if event.id <= self.tail.sequence]
        new = events[len(chained) :]
        if after < self.tail.sequence:
            self._require_unchanged(after, chained, self.tail.sequence if new else chained[-1].id)
        return links_after(self.tail.hash, new)

    def extended(self, links: Sequence[Link]) -> None:
        """These are stored now."""
        if links:
            self.tail = links[-1]
            self._reached = self.tail.sequence

    def catch_up(self, position: int) -> None:
        """One step towards a position up to which everything was relayed, and not everything chained."""
        events = [event for event in self._store.stored(self._reached, CATCH_UP) if event.id <= position]
        links = links_after(self.tail.hash, events)
        try:
            with self._store.transaction() as cursor:
                _copy(cursor, links)
        except Conflict:  # by another one who takes itself for the leader
            return self.read()
        self.tail = links[-1] if links else self.tail
        self._reached = self.tail.sequence if len(events) == CATCH_UP else position

    def ended_at(self) -> datetime:
        """The last event's own time. Raises Tampered where it is gone."""
        for sequence, event in self._store.notifications(self.tail.sequence - 1, 1):
            if sequence == self.tail.sequence:
                return event.at
        raise _tampered(self._store.service, self.tail.sequence)

    def _link_up_to(self, sequence: int | None) -> Link:
        with self._store.statement() as cursor:
            cursor.execute(
                "SELECT notification_id, hash FROM chain WHERE %(last)s::bigint IS NULL OR notification_id <= %(last)s"
                " ORDER BY notification_id DESC LIMIT 1",
                {"last": sequence},
            )
            row = cursor.fetchone()
        return Link(row["notification_id"], bytes(row["hash"])) if row else Link(0, genesis(self._store.service))

    def _require_unchanged(self, after: int, events: Sequence[Notification], last: int) -> None:
        """These and no others are what was chained after one position and up to another."""
        with self._store.statement() as cursor:
            cursor.execute(
                "SELECT notification_id, hash FROM chain WHERE notification_id > %s AND notification_id <= %s ORDER BY 1",
                (after, last),
            )
            there = [Link(row["notification_id"], bytes(row["hash"])) for row in cursor]
        now = links_after(self._link_up_to(after).hash, events)
        if there != now:
            raise _tampered(self._store.service, min(set(there) ^ set(now)).sequence)


def _tampered(service: str, sequence: int) -> Tampered:
    CHAIN_BROKEN.labels(service).inc()
    return Tampered(f"{service}:{sequence} is not what was chained")


def _copy(cursor: Cursor[DictRow], links: Sequence[Link]) -> None:
    with cursor.copy("COPY chain (notification_id, hash) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int8", "bytea"])
        for link in links:
            copy.write_row(link)
