"""An older version of an event is read for ever: every view of every service, built from both, is as it should be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from services.alerts import stream as alerts
from services.alerts.__main__ import TABLES as ALERTS_SCHEMA
from services.evaluation import stream as evaluation
from services.evaluation.__main__ import SCHEMA as EVALUATION_SCHEMA
from services.evaluation.__main__ import all_instruments
from services.recognition import stream as recognition
from services.recognition.__main__ import SCHEMA as RECOGNITION_SCHEMA
from shared.events import PublicEvent, checkins, contract, read_event
from shared.events.evaluation import CellFilled, SurveyAnswered, SurveyOpened
from shared.events.recognition import Category, KudosGiven
from shared.kafka.bulk import bulk_reader
from shared.kafka.topics import PARTITIONS, ensure_topics
from shared.projection.engine import Engine
from shared.projection.generations import Generations
from shared.projection.view import View
from shared.store.event_store import EventStore
from tests.kafka.streaming import NOW, new_topic
from tests.projection.oracle import folded, stored

COUNT = 30
PEOPLE = [UUID(int=n) for n in range(1, COUNT + 1)]
READERS: Mapping[str, tuple[Sequence[View[Any]], Sequence[str]]] = {
    "alerts": (alerts.VIEWS, ALERTS_SCHEMA),
    "recognition": (recognition.VIEWS, RECOGNITION_SCHEMA),
    "evaluation": (evaluation.views_of(all_instruments()), EVALUATION_SCHEMA),
}


@pytest.fixture
def second_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A check-in whose mood was told from 0 to 8 in version 1, and is told from 1 to 5 today."""

    def upcast(data: dict[str, Any], version: int) -> dict[str, Any]:
        assert version == 1
        return data | {"mood": 1 + data["mood"] // 2}

    monkeypatch.setattr(checkins.CheckInRecorded, "version", 2)
    monkeypatch.setattr(checkins.CheckInRecorded, "upcast", upcast)
    contract._decoders.clear()
    yield
    contract._decoders.clear()


@pytest.mark.usefixtures("second_version")
async def test_every_view_of_every_service_is_built_from_both_versions(kafka: str, new_database: Callable[[], str]) -> None:
    topics = {f"{service}.events": new_topic() for service in ("checkins", "recognition", "evaluation")}
    history: dict[str, list[Published]] = {topic: [] for topic in topics.values()}
    for n, event in enumerate([*_history(), *_check_ins()]):
        history[topics[f"{event.service}.events"]].append(_published(event, n))
    await _publish(kafka, history)
    for service, (views, schema) in READERS.items():
        here = [replace(view, topic=topics[view.topic]) for view in views]
        with EventStore(service, new_database(), schema) as store:
            await _rebuild(store, here, kafka)
            for view in here:
                expected = folded(view, [read_event(ce_type, value) for ce_type, value, _ in history[view.topic]])
                assert expected, f"{service}'s {view.name} would prove nothing"
                assert stored(store, view) == expected, f"{service}'s {view.name}"


@pytest.mark.usefixtures("second_version")
def test_both_versions_mean_the_same() -> None:
    (event, *_) = _check_ins()
    kinds = {_published(event, n)[0]: read_event(*_published(event, n)[:2]) for n in range(2)}
    assert len(kinds) == 2
    assert [*kinds.values()] == [event, event]


Published = tuple[str, bytes, bytes]
"""`ce_type`, value, key."""


def _published(event: PublicEvent, n: int) -> Published:
    """Every other check-in is one of version 1."""
    key = str(event.subject).encode()
    if isinstance(event, checkins.CheckInRecorded) and n % 2:
        older = msgspec.json.decode(event.model_dump_json()) | {"mood": 2 * (event.mood - 1)}
        return event.type().replace(".v2", ".v1"), msgspec.json.encode(older), key
    return event.type(), event.model_dump_json().encode(), key


def _history() -> list[PublicEvent]:
    agreed = checkins.Consents(analytics=True, contact=True)
    where = {"team": "night", "timezone": "UTC", "languages": ("en",)}
    (instrument,) = all_instruments().values()
    scores = {item: 1 for item in _items(instrument)}
    survey = UUID(int=999)
    opens = {"teams": ("night",), "opens": NOW, "closes": NOW + timedelta(days=9), "min_scores": 5, "min_comments": 10}
    kinds: dict[str, Any] = {"occurred_at": NOW}
    return [
        *(checkins.MemberEnrolled(**kinds, member=one, consents=agreed, **where) for one in PEOPLE),
        *(KudosGiven(**kinds, kudos=one, giver=one, receivers=(PEOPLE[0],), category=Category.COPED) for one in PEOPLE),
        SurveyOpened(**kinds, survey=survey, instrument=instrument.id, **opens),
        *(SurveyAnswered(**kinds, survey=survey, answer=one, scores=scores) for one in PEOPLE),
        CellFilled(**kinds, survey=survey, team="night", n=5, figures={"anxiety": 9}),
    ]


def _check_ins() -> list[checkins.CheckInRecorded]:
    """Low moods enough for the cut-offs to be met by some."""
    days = [NOW + timedelta(days=day) for day in range(14)]
    return [
        checkins.CheckInRecorded(
            occurred_at=at, member=one, check_in=UUID(int=1000 * n + day), recorded_at=at, mood=1 + (n + day) % 5, stress=5,
            wants_contact=n % 3 == 0,
        )
        for day, at in enumerate(days)
        for n, one in enumerate(PEOPLE)
    ]  # fmt: skip


def _items(instrument: Any) -> list[str]:
    return [item.id for item in instrument.items]


async def _publish(kafka: str, history: Mapping[str, Sequence[Published]]) -> None:
    await ensure_topics(kafka, [*history])
    async with AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True) as producer:
        sent = []
        for topic, published in history.items():
            for sequence, (ce_type, value, key) in enumerate(published, 1):
                said = {"ce_type": ce_type, "ce_id": f"{topic} {sequence}", "ce_sequence": str(sequence)}
                headers = [(name, text.encode()) for name, text in said.items()]
                sent.append(await producer.send(topic, value, key, headers=headers))
        await asyncio.gather(*sent)


async def _rebuild(store: EventStore, views: Sequence[View[Any]], kafka: str) -> None:
    """Every partition from its beginning to its end, with nothing that follows."""
    Generations("rebuilt", views).prepare(store)
    engine = Engine(store, "rebuilt", views)
    async with bulk_reader(kafka) as bulk:
        for topic in {view.topic for view in views}:
            for partition in range(PARTITIONS):
                owned = engine.claim(topic, partition)
                async for records in bulk.read(topic, partition, 0, await bulk.end(topic, partition)):
                    await asyncio.to_thread(engine.take, owned, records)
