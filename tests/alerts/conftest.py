"""What the tests with a database share. The tests of the domain use none of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from shared.store.event_store import EventStore
from tests.alerts.door import Door, door_to
from tests.alerts.world import TABLES, Receiver, World, listening

Start = Callable[..., Awaitable[Receiver]]


EMPTY = """
DO $$ BEGIN EXECUTE (SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') || ' RESTART IDENTITY'
    FROM pg_tables WHERE schemaname = 'public'); END $$
"""


@pytest.fixture(scope="session")
def alerts_database(new_database: Callable[[], str]) -> Iterator[tuple[str, EventStore]]:
    url = new_database()
    with EventStore("alerts", url, TABLES) as store:
        yield url, store


@pytest.fixture
async def world(alerts_database: tuple[str, EventStore]) -> AsyncIterator[World]:
    """An alerts service of its own, empty."""
    url, store = alerts_database
    with store.transaction() as cursor:
        cursor.execute(EMPTY)
    world = World(url, store)
    async with world.leases.pool:
        yield world


@pytest.fixture
async def receivers() -> AsyncIterator[Start]:
    """Starts receivers; all end with the test."""
    async with AsyncExitStack() as stack:

        async def start(*answers: int, headers: dict[str, str] | None = None) -> Receiver:
            receiver = Receiver(list(answers) or [200], headers or {})
            return await stack.enter_async_context(listening(receiver))

        yield start


@pytest.fixture
async def door(world: World, tmp_path: Path) -> AsyncIterator[Door]:
    """The API over the world's store."""
    async with door_to(world, tmp_path) as door:
        yield door
