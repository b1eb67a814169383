"""The role that reads what others publish; apart from the relay's, since not every service's image has Faust."""

from collections.abc import Callable

from shared.kafka.worker import StreamWorker
from shared.process import Role, run_role
from shared.projection.reader import Reader
from shared.settings import Common
from shared.store.event_store import EventStore


def run_stream(common: Common, opened: Callable[[], tuple[Reader, EventStore]]) -> None:
    """Reads until SIGTERM or SIGINT."""

    def role() -> Role:
        reader, store = opened()
        worker = StreamWorker(reader, store, common.database_url, common.kafka, common.session_seconds)
        return Role(worker.ready, worker.run)

    run_role(common, "stream", role)
