"""Fills a topic with check-ins, as a relay sends them: by its producer, in its batches."""

from __future__ import annotations

from shared.kafka.producer import patient_producer
from shared.kafka.sending import Sending
from shared.kafka.topics import ensure_topics
from tests.bench.check_ins import Crowd


async def fill(bootstrap: str, crowd: Crowd) -> None:
    """Returns once the broker has acknowledged all of it."""
    await ensure_topics(bootstrap, [crowd.topic])
    async with patient_producer(bootstrap) as producer:
        sending = await Sending.to(producer, crowd.topic)
        for _, record in crowd.records():
            await sending.add(record)
        await sending.acknowledged()
