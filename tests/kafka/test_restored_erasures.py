"""A service started on a backup from before an erasure erases again before it tells of anybody, and goes on above what was
sent since."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest

import deploy
from deploy import Keys
from deploy.postgres import database_url as url_of
from services.alerts.__main__ import TABLES as OF_ALERTS
from services.checkins import relay
from services.checkins.__main__ import _open
from services.checkins.application import EnrolMember, EraseMember, RecordCheckIn
from services.checkins.domain import CheckIn, Place
from services.checkins.domain.member import Consented
from services.checkins.settings import Settings
from services.evaluation.__main__ import SCHEMA as OF_EVALUATION
from services.evaluation.__main__ import all_instruments
from services.evaluation.stream import EvaluationReader
from services.recognition.__main__ import SCHEMA as OF_RECOGNITION
from services.recognition.stream import RecognitionReader
from services.support.__main__ import SCHEMA as OF_SUPPORT
from services.support.application import Members
from services.support.stream import SupportReader
from shared.clock import utc_now
from shared.errors import Problem
from shared.events.checkins import MemberErased
from shared.kafka.log_ends import SequenceTaken, require_own
from shared.kafka.missed_erasures import missed_by_reader
from shared.kafka.reapplied import reapplying_of
from shared.kafka.relay import Relay
from shared.kafka.relay_position import RelayPosition
from shared.kafka.topics import ensure_topics
from shared.kafka.worker import StreamWorker
from shared.projection.generations import Generations
from shared.projection.reader import ForgettingReader
from shared.settings import Common
from shared.store.encryption import MemberKeys
from shared.store.event_store import EventStore
from shared.store.group_commit import Decision, record_decisions
from shared.store.key_encryption import KeyFile
from tests.alerts.world import World
from tests.canaries.kafka import publish_unreadable
from tests.kafka.streaming import NOW, PATIENCE, end_of, working
from tests.kafka.test_restored_backup import _copy

AGREED = Consented(analytics=True, contact=True)
PLACE = Place(team="care", timezone="UTC", languages=("en",))


@pytest.fixture(scope="module")
def kafka(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of their own: these services publish to the topics that they have when they run."""
    if request.config.getoption("--parts") == "containers":
        from deploy.containers import parts  # noqa: PLC0415 - needs a container engine

        with parts.start_kafka() as bootstrap:
            yield bootstrap
    else:
        with deploy.start_kafka(tmp_path_factory.mktemp("own") / "kafka") as bootstrap:
            yield bootstrap


class Checkins:
    """The service over one database, without HTTP: its API's parts as they are at a start."""

    def __init__(self, url: str, keys: Path, kafka: str) -> None:
        self.url, self.kafka = url, kafka
        self.parts = _open(Settings(Common("checkins", url, kafka, "", "", {}, keys, True, 100)))
        self.store = self.parts.store

    async def starts(self) -> Checkins:
        """As its API does. Other tests have sent to this topic too."""
        await ensure_topics(self.kafka, [relay.TOPIC])
        await self.parts.prepare()
        return self

    def do(self, command: object) -> object:
        (decision,) = self.parts.checkins.decide([command])  # type: ignore[list-item]
        if isinstance(decision, Exception):
            raise decision
        assert isinstance(decision, Decision)
        record_decisions(self.store, [decision])
        return decision.result

    def enrol(self) -> UUID:
        answer = self.do(EnrolMember("Ada", PLACE, AGREED))
        assert isinstance(answer, dict)
        return UUID(str(answer["id"]))

    def check_in(self, member: UUID, note: str = "fine") -> None:
        self.do(RecordCheckIn(CheckIn(uuid4(), member, NOW, 3, wants_contact=True), note))

    async def relayed(self) -> None:
        """Everything stored is in Kafka when it ends."""
        last = self.store.postgres.max_notification_id() or 0
        before = self.parts.reapplying.run if self.parts.reapplying else None
        async with working(Relay(self.store, self.url, relay.TOPIC, relay.translate, self.kafka, before)) as running:
            async with asyncio.timeout(PATIENCE):
                while await asyncio.to_thread(self._position) < last:
                    if running.done():
                        running.result()
                    await asyncio.sleep(0.05)

    def _position(self) -> int:
        return RelayPosition(self.store, relay.TOPIC).get()

    def rows(self, query: str, *values: object) -> list[dict[str, object]]:
        with self.store.transaction() as cursor:
            cursor.execute(query.encode(), values)
            return cursor.fetchall()


@contextmanager
def checkins_over(url: str, keys: Path, kafka: str) -> Iterator[Checkins]:
    service = Checkins(url, keys, kafka)
    try:
        yield service
    finally:
        service.parts.close()


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    made = Keys(tmp_path)
    made.make()
    return made.folder


async def test_checkins_on_a_backup_erases_again_and_gives_no_sequence_twice(
    keys: Path, kafka: str, postgres: str, new_database: Callable[[], str]
) -> None:
    url, backup = new_database(), f"backup_{uuid4().hex}"
    with checkins_over(url, keys, kafka) as before:
        await before.starts()
        gone, stays = before.enrol(), before.enrol()
        before.check_in(gone, "what nobody may read")
        await before.relayed()
    _copy(postgres, url, backup)
    with checkins_over(url, keys, kafka) as lost:
        lost.check_in(stays)
        lost.do(EraseMember(gone))
        lost.check_in(stays)
        await lost.relayed()
        highest = lost.store.postgres.max_notification_id() or 0
    with checkins_over(url_of(postgres, backup), keys, kafka) as restored:
        assert restored.rows("SELECT FROM member_keys WHERE member = %s", gone) != []
        with pytest.raises(Problem, match="503"):
            restored.parts.reapplying.require_done()  # type: ignore[union-attr]
        await restored.parts.prepare()
        restored.parts.reapplying.require_done()  # type: ignore[union-attr]
        assert restored.rows("SELECT FROM member_keys WHERE member = %s", gone) == []
        assert restored.rows("SELECT FROM check_ins WHERE member = %s", gone) == []
        restored.check_in(stays)
        stored = [id_ for id_, _ in restored.store.notifications(0, 100)]
        assert [one > highest for one in stored[-2:]] == [True, True]
        await restored.relayed()
        again = await Checkins(url_of(postgres, backup), keys, kafka).starts()
        assert [id_ for id_, _ in again.store.notifications(0, 100)] == stored
        again.parts.close()


async def test_a_relay_refuses_what_no_reader_would_take(
    keys: Path, kafka: str, postgres: str, new_database: Callable[[], str]
) -> None:
    """Stored on a restored backup while the broker couldn't be reached, under sequences that were given before."""
    url, backup = new_database(), f"backup_{uuid4().hex}"
    with checkins_over(url, keys, kafka) as before:
        await before.starts()
        member = before.enrol()
        before.check_in(member)
        await before.relayed()
    _copy(postgres, url, backup)
    with checkins_over(url, keys, kafka) as lost:
        for _ in range(5):
            lost.check_in(member)
        await lost.relayed()
    end = await end_of(kafka, relay.TOPIC)
    with checkins_over(url_of(postgres, backup), keys, kafka) as restored:
        restored.check_in(member)
        with pytest.raises(SequenceTaken):
            await require_own(kafka, restored.store, relay.TOPIC, relay.translate)
        with pytest.raises(SequenceTaken):
            await restored.relayed()
    assert await end_of(kafka, relay.TOPIC) == end


async def test_what_was_sent_and_not_noted_is_sent_again(keys: Path, kafka: str, new_database: Callable[[], str]) -> None:
    with checkins_over(new_database(), keys, kafka) as checkins:
        await checkins.starts()
        checkins.check_in(checkins.enrol())
        await checkins.relayed()
        end = await end_of(kafka, relay.TOPIC)
        checkins.rows("UPDATE relay_position SET position = 0 RETURNING 1")
        await checkins.relayed()
    assert await end_of(kafka, relay.TOPIC) == end + 2


async def test_a_start_without_a_broker_takes_what_comes_and_tells_of_nobody(
    keys: Path, new_database: Callable[[], str]
) -> None:
    with checkins_over(new_database(), keys, "127.0.0.1:1") as checkins:
        await checkins.parts.prepare()
        checkins.check_in(checkins.enrol())
        with pytest.raises(Problem, match="503") as told:
            checkins.parts.reapplying.require_done()  # type: ignore[union-attr]
        assert told.value.headers["Retry-After"]


async def test_a_record_of_an_erasure_that_nobody_can_read_keeps_nobody_out(
    keys: Path, kafka: str, new_database: Callable[[], str]
) -> None:
    await ensure_topics(kafka, [relay.TOPIC])
    await publish_unreadable(kafka, relay.TOPIC, str(uuid4()), MemberErased.type())
    with checkins_over(new_database(), keys, kafka) as checkins:
        await checkins.starts()
        assert checkins.parts.reapplying is not None
        checkins.parts.reapplying.require_done()


def _recognition(url: str, keys: Path) -> tuple[EventStore, ForgettingReader]:
    store = EventStore("recognition", url, OF_RECOGNITION)
    return store, RecognitionReader(MemberKeys(store, KeyFile(keys / "kek")))


def _evaluation(url: str, _: Path) -> tuple[EventStore, ForgettingReader]:
    return EventStore("evaluation", url, OF_EVALUATION), EvaluationReader(all_instruments())


def _alerts(url: str, _: Path) -> tuple[EventStore, ForgettingReader]:
    store = EventStore("alerts", url, OF_ALERTS)
    return store, World(url, store).reader


def _support(url: str, keys: Path) -> tuple[EventStore, ForgettingReader]:
    store = EventStore("support", url, OF_SUPPORT)
    return store, SupportReader(Members(store, MemberKeys(store, KeyFile(keys / "kek")), utc_now))


OPENED: dict[str, Callable[[str, Path], tuple[EventStore, ForgettingReader]]] = {
    "alerts": _alerts,
    "recognition": _recognition,
    "evaluation": _evaluation,
    "support": _support,
}


@pytest.mark.parametrize("service", OPENED)
async def test_a_reader_on_a_backup_knows_who_was_erased_before_it_folds_and_ends_with_the_same_rows(
    service: str, keys: Path, kafka: str, postgres: str, new_database: Callable[[], str]
) -> None:
    url, backup = new_database(), f"backup_{uuid4().hex}"
    with checkins_over(new_database(), keys, kafka) as checkins:
        await checkins.starts()
        gone, stays = checkins.enrol(), checkins.enrol()
        await checkins.relayed()
        async with _reading(service, url, keys, kafka) as store:
            await _taken(store, kafka)
        await asyncio.to_thread(_copy, postgres, url, backup)
        checkins.check_in(gone)
        checkins.do(EraseMember(gone))
        checkins.check_in(stays)
        await checkins.relayed()
    async with _reading(service, url, keys, kafka) as store:
        await _taken(store, kafka)
        expected = _members(store)
    store, reader = OPENED[service](url_of(postgres, backup), keys)
    with closing(store):
        assert [one.member for one in await missed_by_reader(kafka, store, reader.name)] == [gone]
        await reapplying_of(kafka, store, reader).run()
        assert gone in {row["member"] for row in _rows(store, "SELECT member FROM erasures")}
    async with _reading(service, url_of(postgres, backup), keys, kafka) as store:
        await _taken(store, kafka)
        assert _members(store) == expected
        assert await missed_by_reader(kafka, store, reader.name) == []
        if service == "alerts":
            raised = {row["member"] for row in _rows(store, "SELECT member FROM alerts")}
            assert stays in raised
            assert gone not in raised


@asynccontextmanager
async def _reading(service: str, url: str, keys: Path, kafka: str) -> AsyncIterator[EventStore]:
    store, reader = OPENED[service](url, keys)
    Generations(reader.name, reader.views).prepare(store)
    with closing(store):
        async with working(StreamWorker(reader, store, url, kafka)):
            yield store


async def _taken(store: EventStore, kafka: str) -> None:
    end = await end_of(kafka, relay.TOPIC)
    query = "SELECT coalesce(sum(next_offset), 0)::int AS n FROM reader_positions WHERE topic = 'checkins.events'"
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(_rows, store, query) != [{"n": end}]:
            await asyncio.sleep(0.05)


def _members(store: EventStore) -> list[dict[str, object]]:
    return _rows(store, "SELECT * FROM members ORDER BY member")


def _rows(store: EventStore, query: str) -> list[dict[str, object]]:
    with store.transaction() as cursor:
        cursor.execute(query.encode())
        return cursor.fetchall()
