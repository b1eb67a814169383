"""A topic that is away in the moment in which its reader joins the group is dealt to nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from shared.kafka.topics import wait_for_topics
from shared.kafka.worker import StreamWorker, StuckReader
from shared.store.event_store import EventStore
from tests.kafka.streaming import PATIENCE, counted, deleted, publishing, tally_of, until_counted, working

STILL_SECONDS = 8.0


async def test_a_reader_that_joined_while_its_topic_was_away_leaves_the_group_and_hears_when_it_joins_again(
    store: EventStore, database_url: str, topic: str, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally, gone = tally_of(topic), asyncio.Event()

    async def and_then_it_is_deleted(bootstrap: str, topics: Sequence[str]) -> None:
        await wait_for_topics(bootstrap, topics)
        await deleted(bootstrap, topic)
        gone.set()

    monkeypatch.setattr("shared.kafka.movement.STILL_SECONDS", STILL_SECONDS)
    with monkeypatch.context() as at_first:
        at_first.setattr("shared.kafka.worker.wait_for_topics", and_then_it_is_deleted)
        joining = asyncio.create_task(StreamWorker(tally, store, database_url, kafka).run())
        await asyncio.wait_for(gone.wait(), PATIENCE)
    with pytest.raises(StuckReader):
        await asyncio.wait_for(joining, PATIENCE)
    async with publishing(kafka, topic) as publisher:
        await publisher.publish(40)
        async with working(StreamWorker(tally, store, database_url, kafka)) as task:
            await until_counted(store, publisher.published, task)
    assert counted(store) == publisher.published
