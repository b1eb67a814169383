from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from shared.http import idempotency
from shared.store import encryption
from shared.store.event_store import EventStore


@pytest.fixture
def store(new_database: Callable[[], str]) -> Iterator[EventStore]:
    store = EventStore("lamps", new_database(), (*encryption.SCHEMA, *idempotency.SCHEMA))
    yield store
    store.close()
