"""quixstreams, exactly once: a running mean for each key in its state store, each mean produced to a topic.

python -m tests.bench.peers.quixstreams_eos BOOTSTRAP TOPIC EVENTS
"""

from __future__ import annotations

import sys
import tempfile
import uuid
from typing import Any

from quixstreams import Application, State

from tests.bench.report import Stopwatch

COMMIT_SECONDS = 5
PRODUCER = {"linger.ms": 50, "batch.num.messages": 100_000, "compression.type": "lz4"}
CONSUMER = {"queued.min.messages": 200_000}
"""The best of what was tried, in events/s: its defaults 28,000; a commit each second 27,000; these 29,100."""


def drain(bootstrap: str, topic: str, events: int) -> str:
    watch = Stopwatch(events)
    group = f"quix-{topic}-{uuid.uuid4().hex[:8]}"
    app = Application(
        broker_address=bootstrap,
        consumer_group=group,
        processing_guarantee="exactly-once",
        auto_offset_reset="earliest",
        commit_interval=COMMIT_SECONDS,
        state_dir=tempfile.mkdtemp(),
        loglevel="ERROR",
        consumer_extra_config=CONSUMER,
        producer_extra_config=PRODUCER,
    )

    def running_mean(check_in: dict[str, Any], state: State) -> dict[str, float]:
        watch.begin()
        count, total = state.get("sum", (0, 0))
        count, total = count + 1, total + check_in["mood"]
        state.set("sum", (count, total))
        return {"mean": total / count}

    def processed(_: dict[str, float]) -> None:
        watch.done(1)

    check_ins = app.topic(topic, key_deserializer="str", value_deserializer="json")
    means = app.topic(f"{group}-means", key_serializer="str", value_serializer="json")
    app.dataframe(check_ins).apply(running_mean, stateful=True).to_topic(means).update(processed)
    app.run(count=events)
    return watch.line()


if __name__ == "__main__":
    print(drain(sys.argv[1], sys.argv[2], int(sys.argv[3])))
