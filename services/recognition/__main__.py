"""The only place that wires recognition together: `python -m services.recognition ROLE`.

A role imports only what it runs, so that a killed one is back in half the time.
"""

from typing import TYPE_CHECKING

import typer

from services.recognition import relay, views
from services.recognition.application import Recognition
from services.recognition.settings import Settings
from services.recognition.stream import READER, VIEWS, RecognitionReader
from shared.clock import utc_now
from shared.kafka.reapplied import reapplying_of
from shared.kafka.relay_command import relay_or_republish
from shared.kafka.relay_options import AsJson, From
from shared.kafka.replay_command import Views, add_commands
from shared.process import run_all
from shared.projection.generations import Generations
from shared.projection.ops import Ops
from shared.projection.positions import Positions
from shared.settings import Common
from shared.store.encryption import DataKeys, MemberKeys
from shared.store.event_store import EventStore
from shared.store.key_encryption import KeyFile
from shared.store_commands import add_store_commands
from shared.tables import WITH_VIEWS

if TYPE_CHECKING:
    from services.recognition.api.parts import OpenParts

ROLES = ("api", "stream", "replays", "relay")
SCHEMA = (*views.SCHEMA, *WITH_VIEWS)

cli = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _store(common: Common) -> EventStore:
    store = EventStore("recognition", common.database_url, SCHEMA)
    Generations(READER, VIEWS).prepare(store)
    return store


def _open(settings: Settings) -> "OpenParts":
    from services.recognition.api.parts import OpenParts
    from shared.http.idempotency import Answers
    from shared.http.writes import Writes

    store = _store(settings.common)
    kek = KeyFile(settings.common.keys / "kek")
    keys = MemberKeys(store, kek)
    recognition = Recognition(store, keys, utc_now)
    answers = Answers(store, DataKeys(store, kek), utc_now)
    parts = OpenParts(store, recognition, Writes(store, answers, recognition.decide), Positions(store, READER), utc_now)
    parts.holdings = recognition.held
    parts.ops = Ops(store, READER, VIEWS, utc_now)
    parts.reapplying = reapplying_of(settings.common.kafka, store, RecognitionReader(keys))
    return parts


@cli.command("api")
def serve() -> None:
    """HTTP in."""
    from services.recognition import api
    from shared.http.serving import run_api

    settings = Settings.from_environment()
    run_api(settings.common, lambda: _open(settings), api.build)


@cli.command("stream")
def follow() -> None:
    """Kafka in."""
    from shared.kafka.stream_role import run_stream

    common = Settings.from_environment().common

    def opened() -> tuple[RecognitionReader, EventStore]:
        store = _store(common)
        return RecognitionReader(MemberKeys(store, KeyFile(common.keys / "kek"))), store

    run_stream(common, opened)


@cli.command("relay")
def relay_events(start: From = None, json: AsJson = False) -> None:
    """Stored events to Kafka; with --from, those of before once more."""
    common = Settings.from_environment().common
    relay_or_republish(common, lambda: _store(common), relay.TOPIC, relay.translate, start, json)


def _views() -> Views:
    common = Settings.from_environment().common
    return Views(common, lambda: _store(common), READER, VIEWS)


add_commands(cli, _views)


def _scopes() -> frozenset[str]:
    from services.recognition.api import SCOPES

    return SCOPES


add_store_commands(cli, "recognition", relay.TOPIC, _store, _scopes)


@cli.command("all")
def all_roles() -> None:
    """Every role, each in a process of its own."""
    run_all("recognition", ROLES)


if __name__ == "__main__":
    cli()
