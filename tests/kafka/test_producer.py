from __future__ import annotations

import asyncio
import time
from pathlib import Path

from deploy import start_kafka
from shared.kafka.producer import patient_producer

ASKED_BY_THE_SENDER = 5


async def test_a_broker_that_is_away_is_asked_for_ten_times_a_second_and_no_more(tmp_path: Path) -> None:
    with start_kafka(tmp_path) as bootstrap:
        producer = patient_producer(bootstrap)
        await producer.start()
    begun = time.monotonic()
    for _ in range(ASKED_BY_THE_SENDER):  # as aiokafka's sender does while a partition has no leader
        await producer.client.force_metadata_update()
    assert time.monotonic() - begun >= ASKED_BY_THE_SENDER * 0.1
    await asyncio.wait_for(producer.stop(), 10)
