"""A shadow of the drained view, built beside it and switched to, as the role `replays` does it.

python -m tests.bench.replay_process BOOTSTRAP TOPIC DATABASE_URL

The time runs from its start to its end: asking, building, comparing every key with the live view, the switch.
"""

from __future__ import annotations

import asyncio
import logging
import sys

import structlog

from shared.clock import utc_now
from shared.garbage import collect_less_often
from shared.kafka.replaying import Replaying
from shared.projection import schema
from shared.projection.replays import Ask, State
from shared.store.event_store import EventStore
from tests.bench.engine_drain import READER, check, held, running_means
from tests.bench.report import Stopwatch


async def replay(bootstrap: str, topic: str, database_url: str) -> str:
    view = running_means(topic)
    store = EventStore("bench", database_url, schema.SCHEMA)
    replaying = Replaying(store, database_url, READER, [view], bootstrap, utc_now)
    events = held(store)
    watch = Stopwatch(events)
    watch.begin()
    row = await replaying.start(Ask(view.name, "shadow", "bench", {}, switch_by_itself=True))
    await replaying.work(row)
    watch.done(events)
    line = watch.line()
    _require_the_same(replaying.replays.get(row["id"]))
    check(store, events)
    store.close()
    return line


def _require_the_same(row: dict[str, object]) -> None:
    """Raises RuntimeError where it wasn't switched to, or isn't the same as what was live."""
    result = row["result"]
    if row["state"] != State.SWITCHED or not isinstance(result, dict) or result["same"] != result["keys"]:
        raise RuntimeError(f"the replay ended as {row['state']}, {row['problem']}: {result}")


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    collect_less_often()
    print(asyncio.run(replay(*sys.argv[1:4])))
