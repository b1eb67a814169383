"""The role that reads what others publish; apart from the relay's, since not every service's image has Faust."""

from shared.kafka.worker import StreamWorker
from shared.process import run_role
from shared.projection.reader import Reader
from shared.settings import Common
from shared.store.event_store import EventStore


def run_stream(common: Common, store: EventStore, reader: Reader) -> None:
    """Reads until SIGTERM or SIGINT."""
    worker = StreamWorker(reader, store, common.database_url, common.kafka, common.session_seconds)
    run_role(common, "stream", worker.ready, worker.run)
