"""The roles that move events: the relay, from the store to Kafka, and the stream, from Kafka to the store."""

from shared.kafka.relay import Relay, Translate
from shared.kafka.worker import StreamWorker
from shared.process import run_role
from shared.projection.reader import Reader
from shared.settings import Common
from shared.store.event_store import EventStore


def run_relay(common: Common, store: EventStore, topic: str, translate: Translate) -> None:
    """Relays a service's events until SIGTERM or SIGINT."""
    relay = Relay(store, common.database_url, topic, translate, common.kafka)
    run_role(common, "relay", relay.ready, relay.run)


def run_stream(common: Common, store: EventStore, reader: Reader) -> None:
    """Reads what others publish until SIGTERM or SIGINT."""
    worker = StreamWorker(reader, store, common.database_url, common.kafka)
    run_role(common, "stream", worker.ready, worker.run)
