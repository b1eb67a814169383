"""One worker on replays as a process, to be killed: `python -m tests.kafka.replaying DATABASE_URL BOOTSTRAP TOPIC`."""

from __future__ import annotations

import asyncio
import sys

from shared.clock import utc_now
from shared.kafka.replaying import Replaying
from tests.kafka.streaming import tally_of
from tests.projection.counting import opened


def main(database_url: str, bootstrap: str, topic: str) -> None:
    tally = tally_of(topic)
    store = opened("checkins", database_url, tally)
    asyncio.run(Replaying(store, database_url, tally.name, tally.views, bootstrap, utc_now).run())


if __name__ == "__main__":
    main(*sys.argv[1:])
