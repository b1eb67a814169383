"""The role that reads what others publish; apart from the relay's, since not every service's image has Faust."""

from collections.abc import Callable

from shared.kafka.reapplied import reapplying_of
from shared.kafka.topics import wait_for_topics
from shared.kafka.worker import StreamWorker
from shared.process import Role, run_role
from shared.projection.reader import ForgettingReader, topics_of
from shared.settings import Common
from shared.store.event_store import EventStore


def run_stream(common: Common, opened: Callable[[], tuple[ForgettingReader, EventStore]]) -> None:
    """Reads until SIGTERM or SIGINT. Who was erased since the database's backup is forgotten before anything is folded."""

    def role() -> Role:
        reader, store = opened()
        worker = StreamWorker(reader, store, common.database_url, common.kafka, common.session_seconds)
        reapplying = reapplying_of(common.kafka, store, reader)

        async def work() -> None:
            await wait_for_topics(common.kafka, topics_of(reader.views))
            await reapplying.run()
            await worker.run()

        return Role(worker.ready, work)

    run_role(common, "stream", role)
