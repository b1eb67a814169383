"""A relay of checkins to a topic of its own, with the chain or without one.

python -m tests.bench.relaying chained|unchained DATABASE_URL BOOTSTRAP TOPIC
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from eventsourcing.persistence import Notification

from services.checkins.__main__ import SCHEMA
from services.checkins.relay import translate
from shared.garbage import collect_less_often
from shared.kafka.relay import Relay
from shared.store.chain import Chain, Link
from shared.store.event_store import EventStore


class NoChain(Chain):
    """Never has anything to store or to tell."""

    def behind(self, position: int) -> bool:
        return False

    def links(self, after: int, events: Sequence[Notification]) -> list[Link]:
        return []


def relay(kind: str, database_url: str, bootstrap: str, topic: str) -> Relay:
    store = EventStore("checkins", database_url, SCHEMA)
    chain = {"chained": Chain, "unchained": NoChain}[kind](store)
    return Relay(store, database_url, topic, translate, bootstrap, chain=chain)


if __name__ == "__main__":
    collect_less_often()
    asyncio.run(relay(*sys.argv[1:5]).run())
