"""The chain's last link, told to Kafka about once a second: out of reach of who administers the database."""

import asyncio
import time
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

import msgspec
from aiokafka import AIOKafkaProducer

from shared.kafka.records import CONTENT_TYPE, SPEC_VERSION, OutgoingRecord, source_of
from shared.kafka.topics import heads_beside
from shared.store.chain import Chain

EVERY_SECONDS = 1.0


class Head(msgspec.Struct, frozen=True):
    """What the event with this sequence and all before it come to. `at` is that event's own time: the moment of telling would
    say more than an event with a coarse time does."""

    service: str
    sequence: int
    hash: str
    at: datetime


def type_of(service: str) -> str:
    return f"alongside.{service}.ChainHead.v1"


def record_of_head(head: Head) -> OutgoingRecord:
    """The same at every telling."""
    name = f"{head.service}:{head.sequence}:{head.hash}"
    service = head.service.encode()
    headers = [
        ("ce_specversion", SPEC_VERSION),
        ("ce_id", str(uuid5(NAMESPACE_URL, name)).encode()),
        ("ce_source", source_of(head.service)),
        ("ce_type", type_of(head.service).encode()),
        ("ce_time", head.at.isoformat().replace("+00:00", "Z").encode()),
        ("ce_subject", service),
        ("ce_sequence", b"%d" % head.sequence),
        ("content-type", CONTENT_TYPE),
    ]
    return OutgoingRecord(service, msgspec.json.encode(head), headers, int(head.at.timestamp() * 1_000))


class Heads:
    """Tells how far the chain has got, each second in which it has moved."""

    def __init__(self, service: str, topic: str, chain: Chain) -> None:
        self._service = service
        self._topic = heads_beside(topic)
        self._chain = chain
        self.forget()

    def forget(self) -> None:
        """What was told may have been told to a log that is gone."""
        self._told = 0
        self._told_at = -EVERY_SECONDS

    def seconds_left(self, longest: float) -> float:
        """Until there is something to tell, or the longest."""
        if self._told == self._chain.tail.sequence:
            return longest
        return min(longest, max(0.0, self._told_at + EVERY_SECONDS - time.monotonic()))

    async def tell(self, producer: AIOKafkaProducer) -> None:
        """Returns when Kafka has it, or at once where it is too soon or known."""
        if self.seconds_left(EVERY_SECONDS) > 0:
            return
        sequence, hash_ = self._chain.tail
        at = await asyncio.to_thread(self._chain.ended_at)
        record = record_of_head(Head(self._service, sequence, hash_.hex(), at))
        await producer.send_and_wait(
            self._topic, record.value, record.key, partition=0, timestamp_ms=record.timestamp_ms, headers=record.headers
        )
        self._told, self._told_at = sequence, time.monotonic()
