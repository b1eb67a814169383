"""Whether the broker's log is still the one that a position is about."""

from shared.kafka.bulk import BulkReader
from shared.projection.positions import Owned


async def was_replaced(bulk: BulkReader, owned: Owned) -> bool:
    """Whether the log isn't the one that this position is about: the record before it isn't the one that was read there, or
    is one where none was."""
    if owned.next_offset == 0:
        return False
    if await bulk.end(owned.topic, owned.partition) < owned.next_offset:
        return True
    last = await bulk.at(owned.topic, owned.partition, owned.next_offset - 1)
    found = dict(last.headers).get("ce_id", b"").decode() if last else ""
    return found != (owned.anchor or "")
