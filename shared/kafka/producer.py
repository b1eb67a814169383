"""The producer that relays send with: idempotent, in order, and patient with a broker that is away."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient

BATCH_BYTES = 128 * 1024
"""A broker's cost, and a reader's, is for each request: what was stored together goes together."""

PAUSE_SECONDS = 0.1


def patient_producer(bootstrap: str) -> AIOKafkaProducer:
    """Not started yet. A broker that is away for a while is waited for."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        acks="all",
        compression_type="lz4",
        linger_ms=0,
        max_batch_size=BATCH_BYTES,
        request_timeout_ms=10_000,
        retry_backoff_ms=100,
    )
    _pause_between_questions(producer.client)
    return producer


def _pause_between_questions(client: AIOKafkaClient) -> None:
    """A broker that stops says first that its partitions have no leader, and aiokafka's sender then asks for one again without
    a pause: two thousand times a second, each with two lines in the log, on the core that the broker needs to be back.
    `_metadata_update` is private, and tests/kafka holds it in place."""
    update = client._metadata_update

    async def paused(*arguments: Any) -> Any:
        updated = await update(*arguments)
        await asyncio.sleep(PAUSE_SECONDS)
        return updated

    client._metadata_update = paused
