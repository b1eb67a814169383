"""The only place that wires alerts together: `python -m services.alerts ROLE`.

A role imports only what it runs, so that a killed one is back in half the time.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.alerts import relay
from services.alerts.application.alerts import Alerts
from services.alerts.application.commands import Commands
from services.alerts.application.intake import Intake
from services.alerts.application.outcomes import Outcomes
from services.alerts.application.owing import Owing
from services.alerts.application.reading import Reading
from services.alerts.application.staff import Staff
from services.alerts.domain.claims import ClaimLinks
from services.alerts.settings import Settings
from services.alerts.stream import READER, VIEWS, MemberReader
from services.alerts.views.schema import SCHEMA
from services.alerts.webhooks.dialling import outgoing
from services.alerts.webhooks.dispatcher import AT_ONCE, Dispatcher, Does
from services.alerts.webhooks.leases import Leases
from services.alerts.webhooks.sending import Sender
from shared.clock import utc_now
from shared.http import idempotency
from shared.kafka import relay_position, replay_command
from shared.kafka.relay_command import relay_or_republish
from shared.kafka.relay_options import AsJson, From
from shared.kafka.replay_command import Views, add_replays
from shared.process import Role, run_all, run_role
from shared.projection import schema
from shared.projection.generations import Generations
from shared.projection.ops import Ops
from shared.projection.positions import Positions
from shared.store.encryption import KeyEncryptionKey
from shared.store.event_store import EventStore

if TYPE_CHECKING:
    from services.alerts.api.parts import OpenParts

ROLES = ("api", "stream", "replays", "relay", "webhooks")
TABLES = (*SCHEMA, *idempotency.SCHEMA, *relay_position.SCHEMA, *schema.SCHEMA)

cli = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


class Wiring:
    """What every role is made of, over one open store."""

    def __init__(self, settings: Settings) -> None:
        common = settings.common
        self.store = EventStore("alerts", common.database_url, TABLES)
        Generations(READER, VIEWS).prepare(self.store)
        self.kek = KeyEncryptionKey.from_file(common.keys / "kek")
        self.endpoint_key = self.kek.key_for("endpoint secrets")
        self.links = ClaimLinks(common.url, settings.claim_key())
        self.outcomes = Outcomes(self.links)
        self.alerts = Alerts(self.store, self.outcomes, utc_now)
        self.staff = Staff(self.store, self.endpoint_key, utc_now, common.local)

    def parts(self) -> "OpenParts":
        from services.alerts.api.parts import OpenParts
        from shared.http.idempotency import Answers
        from shared.http.writes import Writes

        owing = Owing(self.store, utc_now)
        answers = Answers(self.store, self.kek.key_for("idempotent answers"), utc_now)
        writes = Writes(self.store, answers, Commands(self.alerts, self.staff, owing).decide)
        reached = Positions(self.store, READER).reached
        parts = OpenParts(self.store, writes, Reading(self.store, utc_now), owing, self.links, reached)
        parts.ops = Ops(self.store, READER, VIEWS, utc_now)
        return parts


@cli.command("api")
def serve() -> None:
    """HTTP in."""
    from services.alerts import api
    from shared.http.serving import run_api

    settings = Settings.from_environment()
    run_api(settings.common, lambda: Wiring(settings).parts(), api.build)


@cli.command("stream")
def read_members() -> None:
    """Members' events from Kafka."""
    from shared.kafka.stream_role import run_stream

    settings = Settings.from_environment()

    def opened() -> tuple[MemberReader, EventStore]:
        wiring = Wiring(settings)
        return MemberReader(Intake(wiring.store, wiring.outcomes, utc_now)), wiring.store

    run_stream(settings.common, opened)


@cli.command("relay")
def relay_events(start: From = None, json: AsJson = False) -> None:
    """Stored events to Kafka; with --from, those of before once more."""
    common = Settings.from_environment().common

    def opened() -> EventStore:
        return EventStore("alerts", common.database_url, TABLES)

    relay_or_republish(common, opened, relay.TOPIC, relay.translate, start, json)


@cli.command("webhooks")
def send_webhooks() -> None:
    """Owed deliveries and due timers."""
    settings = Settings.from_environment()
    run_role(settings.common, "webhooks", lambda: _dispatching(settings))


def _dispatching(settings: Settings) -> Role:
    common, wiring = settings.common, Wiring(settings)
    leases = Leases(common.database_url)

    async def work() -> None:
        async with leases.pool, outgoing(common.local, AT_ONCE) as session:
            sender = Sender(session, wiring.endpoint_key, utc_now)
            does = Does(wiring.alerts.fire, wiring.staff.switch_off)
            await Dispatcher(leases, sender, does, utc_now).run(common.database_url)

    return Role(leases.ready, work)


def _views() -> Views:
    settings = Settings.from_environment()
    return Views(settings.common, lambda: Wiring(settings).store, READER, VIEWS)


add_replays(cli, _views)


@cli.command("replay")
def replay(
    view: replay_command.Name = "members",
    target: replay_command.Kind = None,
    dry_run: replay_command.DryRun = False,
    rules: Annotated[Path | None, typer.Option(help="A rule set to try on history: a changed copy of rules.yaml.")] = None,
    since: replay_command.Since = None,
    until: replay_command.Until = None,
    types: replay_command.Types = None,
    members: replay_command.Members = None,
    rate: replay_command.Rate = None,
    switch: replay_command.Switch = False,
    as_json: replay_command.Json = False,
) -> None:
    """Builds a view anew; or, with --rules, says which alerts another rule set would have raised on history, raising none."""
    if rules:
        from services.alerts.application import what_if_command

        asked = what_if_command.question(dry_run, rules, since, until)
        what_if_command.answer(Settings.from_environment().common.kafka, asked, as_json)
        return
    limits = {"from": since, "to": until, "types": types, "members": members}
    kind = replay_command.kind_of(target, dry_run)
    raise typer.Exit(replay_command.replay(_views(), view, kind, limits, rate, switch, as_json))


@cli.command("all")
def all_roles() -> None:
    """Every role, each in a process of its own."""
    run_all("alerts", ROLES)


if __name__ == "__main__":
    cli()
