"""The role that moves a service's events from its store to Kafka."""

from shared.kafka.relay import Relay, Translate
from shared.process import run_role
from shared.settings import Common
from shared.store.event_store import EventStore


def run_relay(common: Common, store: EventStore, topic: str, translate: Translate) -> None:
    """Relays until SIGTERM or SIGINT."""
    relay = Relay(store, common.database_url, topic, translate, common.kafka)
    run_role(common, "relay", relay.ready, relay.run)
