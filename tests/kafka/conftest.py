from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from shared.kafka import relay_position
from shared.projection.generations import Generations
from shared.store.event_store import EventStore
from tests.kafka.streaming import new_topic, tally_of
from tests.projection.counting import SCHEMA


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
def store(database_url: str, topic: str) -> Iterator[EventStore]:
    store = EventStore("checkins", database_url, (*SCHEMA, *relay_position.SCHEMA))
    tally = tally_of(topic)
    Generations(tally.name, tally.views).prepare(store)
    yield store
    store.close()


@pytest.fixture
def topic() -> str:
    return new_topic()
