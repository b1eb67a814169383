"""`python -m services.NAME relay`: the role, or with `--from` a history sent again; imports only what runs."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from shared.settings import Common
from shared.store.event_store import EventStore

if TYPE_CHECKING:
    from shared.kafka.relay import Translate
    from shared.store.reapplying import Reapplying


def relay_or_republish(
    common: Common,
    opened: Callable[[], EventStore],
    topic: str,
    translate: "Translate",
    start: str | None,
    as_json: bool,
    before: "Callable[[EventStore], Reapplying] | None" = None,
) -> None:
    """Relays until SIGTERM or SIGINT, once `before` is done; with `start`, returns once everything after it is acknowledged."""
    if start is None:
        from shared.kafka.relay_role import run_relay

        run_relay(common, opened, topic, translate, before)
    else:
        from shared.kafka.republish_command import run_republishing

        run_republishing(common, opened, topic, translate, start, as_json)
