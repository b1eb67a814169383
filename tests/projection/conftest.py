from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from shared.projection.engine import Engine
from shared.store.event_store import EventStore
from tests.projection.counting import Counting, opened


@pytest.fixture
def store(new_database: Callable[[], str], reader: Counting) -> Iterator[EventStore]:
    store = opened("counting", new_database(), reader)
    yield store
    store.close()


@pytest.fixture
def reader() -> Counting:
    return Counting()


@pytest.fixture
def engine(store: EventStore, reader: Counting) -> Engine:
    return Engine(store, reader.name, reader.views, reader.follow)
