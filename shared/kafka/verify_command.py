"""`python -m services.NAME verify`: the same in every service; imports only what runs."""

from collections.abc import Callable
from typing import Annotated

import typer

from shared.settings import Common
from shared.store.event_store import EventStore

Json = Annotated[bool, typer.Option("--json", help="JSON lines instead of a progress bar")]
WithoutKafka = Annotated[bool, typer.Option("--without-kafka", help="hold events against the chain beside them only")]


def add_verify(cli: typer.Typer, service: str, topic: str, opened: Callable[[Common], EventStore]) -> None:
    @cli.command("verify")
    def verify(without_kafka: WithoutKafka = False, as_json: Json = False) -> None:
        """Names the first event that was changed, removed, added or moved: exit 1; 2 where it couldn't be looked."""
        from shared.kafka.verdicts import verify_and_tell

        raise typer.Exit(verify_and_tell(service, opened, topic, not without_kafka, as_json))
