"""A plain Faust table agent as its documentation writes it: at-least-once, memory store, each mean sent to a topic.

python -m tests.bench.peers.faust_table BOOTSTRAP TOPIC EVENTS
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import uuid
from typing import Any

import faust
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.bench.report import Stopwatch

PARTITIONS = 4


def new_app(bootstrap: str, topic: str, group: str, watch: Stopwatch, finished: asyncio.Event) -> faust.App:
    app = faust.App(
        group,
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=tempfile.mkdtemp(),
        autodiscover=False,
        web_enabled=False,
        consumer_auto_offset_reset="earliest",
        topic_disable_leader=True,
        topic_partitions=PARTITIONS,
        topic_replication_factor=1,
    )
    check_ins = app.topic(topic, key_type=str, value_serializer="json")
    means = app.topic(f"{group}-means", key_type=str, value_serializer="json", partitions=PARTITIONS)
    sums = app.Table("sums", default=lambda: [0, 0], partitions=PARTITIONS)

    async def running_mean(stream: Any) -> None:
        async for member, check_in in stream.items():
            watch.begin()
            count, total = sums[member]
            count, total = count + 1, total + check_in["mood"]
            sums[member] = [count, total]
            await means.send(key=member, value={"mean": total / count})
            if watch.done(1):
                finished.set()

    app.agent(check_ins)(running_mean)
    return app


async def make_topic(bootstrap: str, name: str) -> None:
    """Faust makes its tables' topics, not those that it only sends to."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, PARTITIONS, 1)])
    await admin.close()


async def drain(bootstrap: str, topic: str, events: int) -> str:
    watch, finished = Stopwatch(events), asyncio.Event()
    group = f"faust-{topic}-{uuid.uuid4().hex[:8]}"
    await make_topic(bootstrap, f"{group}-means")
    app = new_app(bootstrap, topic, group, watch, finished)
    await app.start()
    await finished.wait()
    line = watch.line()
    await app.stop()
    return line


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    print(asyncio.run(drain(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
