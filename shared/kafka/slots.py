"""A slot for each worker of a group: the first free number, held by an advisory lock as long as its connection lives.

It becomes the static member's name, so that a worker that is started again takes its partitions back without a rebalance,
and two workers never share a name (two processes with one name end with one of them silent).
"""

import psycopg

MOST_WORKERS = 64


class NoSlot(RuntimeError):
    """As many workers run already as there are slots."""


async def take_slot(connection: psycopg.AsyncConnection, group: str) -> int:
    """The lowest free slot of the group, ours until the connection ends. Raises NoSlot."""
    for slot in range(MOST_WORKERS):
        cursor = await connection.execute("SELECT pg_try_advisory_lock(hashtext(%s), %s)", (group, slot))
        row = await cursor.fetchone()
        if row and row[0]:
            return slot
    raise NoSlot(group)
