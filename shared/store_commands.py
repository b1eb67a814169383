"""The commands that every service has over its store: `verify`, `keys` and `api-keys`."""

from collections.abc import Callable, Collection

import typer

from shared.http.keys_command import add_api_keys
from shared.kafka.verify_command import add_verify
from shared.settings import Common
from shared.store.event_store import EventStore
from shared.store.key_encryption import KeyFile
from shared.store.keys_command import add_keys


def add_store_commands(
    cli: typer.Typer,
    service: str,
    topic: str,
    opened: Callable[[Common], EventStore],
    scopes: Callable[[], Collection[str]],
) -> None:
    """`topic` is what the service publishes to, `scopes` gives what its routes take; a command calls it and `opened`."""

    def with_keys() -> tuple[EventStore, KeyFile]:
        common = Common.from_environment(service)
        return opened(common), KeyFile(common.keys / "kek")

    add_verify(cli, service, topic, opened)
    add_keys(cli, with_keys)
    add_api_keys(cli, lambda: opened(Common.from_environment(service)), scopes)
