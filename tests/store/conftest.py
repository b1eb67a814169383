from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from shared.store import encryption
from shared.store.event_store import EventStore
from tests.store.lamps import SCHEMA


@pytest.fixture
def store(new_database: Callable[[], str]) -> Iterator[EventStore]:
    store = EventStore("lamps", new_database(), (*SCHEMA, *encryption.SCHEMA))
    yield store
    store.close()
