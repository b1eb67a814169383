"""Offsets without a record: Kafka notes the end of a transaction in the log, where whoever counts offsets takes it for one.

Our relays use no transactions; another's tool that writes to a topic may.
"""

import asyncio
from contextlib import suppress

from aiokafka.errors import KafkaError

from shared.kafka.bulk import ANSWERS_WITHIN_SECONDS, Partition, bulk_reader


async def nothing_but_markers(bootstrap: str, place: Partition, start: int, end: int) -> bool:
    """Whether the log has no record with start <= offset < end; False where the broker doesn't say so soon. Raises
    LogReplaced."""
    with suppress(TimeoutError, KafkaError):
        async with asyncio.timeout(ANSWERS_WITHIN_SECONDS), bulk_reader(bootstrap) as bulk:
            async for records in bulk.read(*place, start, end):
                if next(iter(records), None):
                    return False
            return True
    return False
