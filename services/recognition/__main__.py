"""The only place that wires recognition together: `python -m services.recognition ROLE`."""

import typer

from services.recognition import api, relay, views
from services.recognition.api.parts import OpenParts
from services.recognition.application import Recognition
from services.recognition.settings import Settings
from services.recognition.stream import READER, RecognitionReader
from shared.auth import Tokens
from shared.clock import utc_now
from shared.http import idempotency
from shared.http.app import Wall
from shared.http.idempotency import Answers
from shared.http.limits import RateLimit
from shared.http.writes import Writes
from shared.kafka import relay as kafka_relay
from shared.kafka.relay import Relay
from shared.kafka.worker import StreamWorker
from shared.process import run_all, run_api, run_role
from shared.projection import parked, positions
from shared.projection.positions import Positions
from shared.store import encryption
from shared.store.encryption import KeyEncryptionKey, MemberKeys
from shared.store.event_store import EventStore

ROLES = ("api", "stream", "relay")
SCHEMA = (*views.SCHEMA, *encryption.SCHEMA, *idempotency.SCHEMA, *kafka_relay.SCHEMA, *positions.SCHEMA, *parked.SCHEMA)

cli = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)


def _open(settings: Settings) -> OpenParts:
    store = EventStore("recognition", settings.common.database_url, SCHEMA)
    kek = KeyEncryptionKey.from_file(settings.common.keys / "kek")
    recognition = Recognition(store, MemberKeys(store, kek), utc_now)
    answers = Answers(store, kek.key_for("idempotent answers"), utc_now)
    return OpenParts(store, recognition, Writes(store, answers, recognition.decide), Positions(store, READER), utc_now)


@cli.command("api")
def serve() -> None:
    """HTTP in."""
    settings = Settings.from_environment()
    parts = api.Parts(lambda: _open(settings), lambda opened: opened.check())
    wall = Wall(Tokens(settings.common.keys / "jwks.json"), RateLimit(settings.common.rate_limit))
    run_api(settings.common, api.build(parts, wall), parts.run, lambda: parts.get().close())


@cli.command("stream")
def follow() -> None:
    """Kafka in."""
    common = Settings.from_environment().common
    store = EventStore("recognition", common.database_url, SCHEMA)
    reader = RecognitionReader(MemberKeys(store, KeyEncryptionKey.from_file(common.keys / "kek")))
    worker = StreamWorker(reader, store, common.database_url, common.kafka)
    run_role(common, "stream", worker.ready, worker.run)


@cli.command("relay")
def relay_events() -> None:
    """Stored events to Kafka."""
    common = Settings.from_environment().common
    store = EventStore("recognition", common.database_url, SCHEMA)
    follower = Relay(store, common.database_url, relay.TOPIC, relay.translate, common.kafka)
    run_role(common, "relay", follower.ready, follower.run)


@cli.command("all")
def all_roles() -> None:
    """Every role, each in a process of its own."""
    run_all("recognition", ROLES)


if __name__ == "__main__":
    cli()
