"""Plain aiokafka: reads every partition, decodes, keeps a running mean for each member in a dict, stores nothing.

python -m tests.bench.peers.aiokafka_plain BOOTSTRAP TOPIC EVENTS
"""

from __future__ import annotations

import sys

import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.bench.report import Stopwatch

PARTITIONS = 4
AT_ONCE = 20_000


class CheckIn(msgspec.Struct):
    member: str
    mood: int


async def drain(bootstrap: str, topic: str, events: int) -> str:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=4 * 2**20)
    await consumer.start()
    places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    consumer.assign(places)
    await consumer.seek_to_beginning(*places)
    decode = msgspec.json.Decoder(CheckIn).decode
    sums: dict[str, tuple[int, int]] = {}
    means: dict[str, float] = {}
    watch, done = Stopwatch(events), False
    while not done:
        fetched = await consumer.getmany(timeout_ms=1_000, max_records=AT_ONCE)
        watch.begin()
        for messages in fetched.values():
            for message in messages:
                check_in = decode(message.value)
                count, total = sums.get(check_in.member, (0, 0))
                count, total = count + 1, total + check_in.mood
                sums[check_in.member] = count, total
                means[check_in.member] = total / count
            done = watch.done(len(messages))
    line = watch.line()
    await consumer.stop()
    return line


if __name__ == "__main__":
    print(uvloop.run(drain(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
