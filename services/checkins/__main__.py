"""The only place that wires checkins together: `python -m services.checkins ROLE`.

A role imports only what it runs, so that a killed one is back in half the time.
"""

import asyncio
import sys
from typing import TYPE_CHECKING

if __name__ == "__main__" and sys.argv[1:] == ["language"]:  # it needs nothing of what follows, and would wait seconds for it
    from services.checkins.domain.language.lines import answer_all

    answer_all(sys.stdin.buffer, sys.stdout.buffer)
    sys.exit()

import typer

from services.checkins import relay, views
from services.checkins.application import Checkins
from services.checkins.settings import Settings
from shared.clock import utc_now
from shared.kafka.relay_command import relay_or_republish
from shared.kafka.relay_options import AsJson, From
from shared.process import run_all
from shared.settings import Common
from shared.store.encryption import DataKeys, MemberKeys
from shared.store.event_store import EventStore
from shared.store.key_encryption import KeyFile
from shared.store.reapplying import Reapplying
from shared.store_commands import add_store_commands
from shared.tables import EVERY_SERVICE

if TYPE_CHECKING:
    from services.checkins.api.parts import OpenParts

ROLES = ("api", "relay")
SCHEMA = (*views.SCHEMA, *EVERY_SERVICE)

cli = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _store(common: Common) -> EventStore:
    return EventStore("checkins", common.database_url, SCHEMA)


def _open(settings: Settings) -> "OpenParts":
    from services.checkins.api.parts import OpenParts
    from shared.http.idempotency import Answers
    from shared.http.peers import Peers
    from shared.http.writes import Writes

    store = _store(settings.common)
    kek = KeyFile(settings.common.keys / "kek")
    checkins = Checkins(store, MemberKeys(store, kek), utc_now)
    answers = Answers(store, DataKeys(store, kek), utc_now)
    parts = OpenParts(store, checkins, Writes(store, answers, checkins.decide), Peers(settings.peers), utc_now)
    parts.holdings = checkins.held
    parts.reapplying = _reapplying(settings.common, checkins, store)
    return parts


def _reapplying(common: Common, checkins: Checkins, store: EventStore) -> Reapplying:
    """On a restored backup: sequences go on above those of the topic, and who was erased since is erased again."""

    async def once() -> None:
        from shared.kafka.log_ends import go_on_above
        from shared.kafka.missed_erasures import missed_by_publisher

        await go_on_above(common.kafka, store, relay.TOPIC)
        await asyncio.to_thread(checkins.erase_again, await missed_by_publisher(common.kafka, store, relay.TOPIC))

    return Reapplying(once)


@cli.command("api")
def serve() -> None:
    """HTTP in."""
    from services.checkins import api
    from shared.http.serving import run_api

    settings = Settings.from_environment()
    run_api(settings.common, lambda: _open(settings), api.build)


@cli.command("relay")
def relay_events(start: From = None, json: AsJson = False) -> None:
    """Stored events to Kafka; with --from, those of before once more."""
    common = Settings.from_environment().common

    def before(store: EventStore) -> Reapplying:
        keys = MemberKeys(store, KeyFile(common.keys / "kek"))
        return _reapplying(common, Checkins(store, keys, utc_now), store)

    relay_or_republish(common, lambda: _store(common), relay.TOPIC, relay.translate, start, json, before)


@cli.command("language")
def read_language() -> None:
    """What lines of JSON {id, text} on stdin express: one line {id, score, tier, matches} on stdout for each, at once."""
    from services.checkins.domain.language.lines import answer_all

    answer_all(sys.stdin.buffer, sys.stdout.buffer)


def _scopes() -> frozenset[str]:
    from services.checkins.api import SCOPES

    return SCOPES


add_store_commands(cli, "checkins", relay.TOPIC, _store, _scopes)


@cli.command("all")
def all_roles() -> None:
    """Every role, each in a process of its own."""
    run_all("checkins", ROLES)


if __name__ == "__main__":
    cli()
