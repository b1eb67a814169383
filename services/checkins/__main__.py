"""The only place that wires checkins together: `python -m services.checkins ROLE`."""

import typer

from services.checkins import api, relay, views
from services.checkins.api.parts import OpenParts
from services.checkins.application import Checkins
from services.checkins.settings import Settings
from shared.auth import Tokens
from shared.clock import utc_now
from shared.http import idempotency
from shared.http.app import Wall
from shared.http.idempotency import Answers
from shared.http.limits import RateLimit
from shared.http.writes import Writes
from shared.kafka import relay as kafka_relay
from shared.kafka.relay import Relay
from shared.process import run_all, run_api, run_role
from shared.store import encryption
from shared.store.encryption import KeyEncryptionKey, MemberKeys
from shared.store.event_store import EventStore

ROLES = ("api", "relay")
SCHEMA = (*views.SCHEMA, *encryption.SCHEMA, *idempotency.SCHEMA, *kafka_relay.SCHEMA)

cli = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)


def _open(settings: Settings) -> OpenParts:
    store = EventStore("checkins", settings.common.database_url, SCHEMA)
    kek = KeyEncryptionKey.from_file(settings.common.keys / "kek")
    checkins = Checkins(store, MemberKeys(store, kek), utc_now)
    answers = Answers(store, kek.key_for("idempotent answers"), utc_now)
    return OpenParts(store, checkins, Writes(store, answers, checkins.decide), utc_now)


@cli.command("api")
def serve() -> None:
    """HTTP in."""
    settings = Settings.from_environment()
    parts = api.Parts(lambda: _open(settings), lambda opened: opened.check())
    wall = Wall(Tokens(settings.common.keys / "jwks.json"), RateLimit(settings.common.rate_limit))
    run_api(settings.common, api.build(parts, wall), parts.run, lambda: parts.get().close())


@cli.command("relay")
def relay_events() -> None:
    """Stored events to Kafka."""
    common = Settings.from_environment().common
    store = EventStore("checkins", common.database_url, SCHEMA)
    follower = Relay(store, common.database_url, relay.TOPIC, relay.translate, common.kafka)
    run_role(common, "relay", follower.ready, follower.run)


@cli.command("all")
def all_roles() -> None:
    """Every role, each in a process of its own."""
    run_all("checkins", ROLES)


if __name__ == "__main__":
    cli()
