"""The role that moves a service's events from its store to Kafka."""

from collections.abc import Callable

from shared.kafka.relay import Relay, Translate
from shared.process import Role, run_role
from shared.settings import Common
from shared.store.event_store import EventStore
from shared.store.reapplying import Reapplying


def run_relay(
    common: Common,
    opened: Callable[[], EventStore],
    topic: str,
    translate: Translate,
    before: Callable[[EventStore], Reapplying] | None = None,
) -> None:
    """Relays until SIGTERM or SIGINT."""

    def role() -> Role:
        store = opened()
        relay = Relay(store, common.database_url, topic, translate, common.kafka, before(store).run if before else None)
        return Role(relay.ready, relay.run)

    run_role(common, "relay", role)
