"""One stream worker as a process, to be killed: `python -m tests.kafka.tallying DATABASE_URL BOOTSTRAP TOPIC`."""

from __future__ import annotations

import asyncio
import sys

from shared.kafka.worker import StreamWorker
from shared.store.event_store import EventStore
from tests.kafka.streaming import Tally
from tests.projection.counting import SCHEMA


def main(database_url: str, bootstrap: str, topic: str) -> None:
    store = EventStore("checkins", database_url, SCHEMA)
    asyncio.run(StreamWorker(Tally(topic), store, database_url, bootstrap).run())


if __name__ == "__main__":
    main(*sys.argv[1:])
