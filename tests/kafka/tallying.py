"""One stream worker as a process, to be killed: `python -m tests.kafka.tallying DATABASE_URL BOOTSTRAP TOPIC`."""

from __future__ import annotations

import asyncio
import sys

from shared.kafka.worker import StreamWorker
from tests.kafka.streaming import tally_of
from tests.projection.counting import opened


def main(database_url: str, bootstrap: str, topic: str) -> None:
    tally = tally_of(topic)
    store = opened("checkins", database_url, tally)
    asyncio.run(StreamWorker(tally, store, database_url, bootstrap).run())


if __name__ == "__main__":
    main(*sys.argv[1:])
