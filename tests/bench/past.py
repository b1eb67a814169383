"""A past for a running system: a topic as full as after years, made in half a minute.

The store of checkins doesn't hold it. It counts on from the past's last sequence, so that every reader takes what is
posted afterwards as what follows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import psycopg
from rich.console import Console

from deploy import Stack
from tests.bench.check_ins import Crowd
from tests.bench.filling import fill

READ_WITHIN_SECONDS = 600


def give_past(stack: Stack, environment: Mapping[str, str], crowd: Crowd, console: Console) -> None:
    """To a system in which nothing was posted yet. Returns when every reader has read it."""
    readers = [one.name for one in stack.watched() if one.name.endswith("-stream")]
    for reader in readers:
        stack.stop(reader)
    asyncio.run(fill(environment["KAFKA_BOOTSTRAP"], crowd))
    _count_on_from(environment["CHECKINS_DATABASE_URL"], crowd.last_sequence)
    begun = time.monotonic()
    for reader in readers:
        stack.start(reader)
    stack.wait_ready(READ_WITHIN_SECONDS)
    console.print(f"  {len(readers)} readers caught up with {crowd.last_sequence:,} in {time.monotonic() - begun:.0f} s")


def _count_on_from(database_url: str, sequence: int) -> None:
    with psycopg.connect(database_url) as connection:
        place = "pg_get_serial_sequence('checkins_events', 'notification_id')"
        connection.execute(f"SELECT setval({place}, %s)".encode(), (sequence,))
