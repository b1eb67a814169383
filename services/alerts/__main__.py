"""The only place that wires alerts together: `python -m services.alerts ROLE`.

A role imports only what it runs, so that a killed one is back in half the time.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.alerts import relay
from services.alerts.application.alerts import Alerts
from services.alerts.application.commands import Commands
from services.alerts.application.holdings import Holdings
from services.alerts.application.intake import Intake
from services.alerts.application.outcomes import Outcomes
from services.alerts.application.owing import Owing
from services.alerts.application.reading import Reading
from services.alerts.application.staff import Staff
from services.alerts.application.wishing import Wishing
from services.alerts.domain.claims import ClaimLinks
from services.alerts.settings import Settings
from services.alerts.stream import READER, VIEWS, MemberReader
from services.alerts.views.schema import SCHEMA
from services.alerts.webhooks.dialling import outgoing
from services.alerts.webhooks.dispatcher import AT_ONCE, Dispatcher, Does
from services.alerts.webhooks.leases import Leases
from services.alerts.webhooks.sending import Sender
from shared.clock import utc_now
from shared.kafka import replay_command
from shared.kafka.reapplied import reapplying_of
from shared.kafka.relay_command import relay_or_republish
from shared.kafka.relay_options import AsJson, From
from shared.kafka.replay_command import Views, add_replays
from shared.process import Role, run_all, run_role
from shared.projection.generations import Generations
from shared.projection.ops import Ops
from shared.projection.positions import Positions
from shared.settings import Common
from shared.store.encryption import DataKeys
from shared.store.event_store import EventStore
from shared.store.key_encryption import KeyFile
from shared.store_commands import add_store_commands
from shared.tables import WITH_VIEWS

if TYPE_CHECKING:
    from services.alerts.api.parts import OpenParts

ROLES = ("api", "stream", "replays", "relay", "webhooks")
TABLES = (*SCHEMA, *WITH_VIEWS)

cli = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


class Wiring:
    """What every role is made of, over one open store."""

    def __init__(self, settings: Settings) -> None:
        common = settings.common
        self.store = EventStore("alerts", common.database_url, TABLES)
        Generations(READER, VIEWS).prepare(self.store)
        self.kek = KeyFile(common.keys / "kek")
        self.keys = DataKeys(self.store, self.kek)
        self.endpoint_key = self.keys.of("endpoints")
        self.links = ClaimLinks(common.url, settings.claim_key())
        self.outcomes = Outcomes(self.links)
        self.alerts = Alerts(self.store, self.outcomes, utc_now)
        self.staff = Staff(self.store, self.endpoint_key, utc_now, common.local)
        self.reader = MemberReader(Intake(self.store, self.outcomes, utc_now))
        self.reapplying = reapplying_of(common.kafka, self.store, self.reader)

    def parts(self) -> "OpenParts":
        from services.alerts.api.parts import OpenParts
        from shared.http.idempotency import Answers
        from shared.http.writes import Writes

        owing = Owing(self.store, utc_now)
        answers = Answers(self.store, self.keys, utc_now)
        wishing = Wishing(self.store, utc_now)
        writes = Writes(self.store, answers, Commands(self.alerts, self.staff, owing, wishing).decide)
        reached = Positions(self.store, READER).reached
        reading = Reading(self.store, utc_now)
        parts = OpenParts(self.store, writes, reading, owing, self.links, reached)
        parts.holdings = Holdings(self.store, reading, self.endpoint_key)
        parts.ops = Ops(self.store, READER, VIEWS, utc_now)
        parts.reapplying = self.reapplying
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
        return wiring.reader, wiring.store

    run_stream(settings.common, opened)


def _store(common: Common) -> EventStore:
    return EventStore("alerts", common.database_url, TABLES)


@cli.command("relay")
def relay_events(start: From = None, json: AsJson = False) -> None:
    """Stored events to Kafka; with --from, those of before once more."""
    common = Settings.from_environment().common
    relay_or_republish(common, lambda: _store(common), relay.TOPIC, relay.translate, start, json)


@cli.command("webhooks")
def send_webhooks() -> None:
    """Owed deliveries and due timers."""
    settings = Settings.from_environment()
    run_role(settings.common, "webhooks", lambda: _dispatching(settings))


def _dispatching(settings: Settings) -> Role:
    common, wiring = settings.common, Wiring(settings)
    leases = Leases(common.database_url)

    async def work() -> None:
        missed = await wiring.reapplying.begin()  # an owed webhook doesn't wait for a broker that is away
        async with leases.pool, outgoing(common.local, AT_ONCE) as session:
            sender = Sender(session, wiring.endpoint_key, wiring.links, utc_now)
            does = Does(wiring.alerts.fire, wiring.staff.switch_off)
            try:
                await Dispatcher(leases, sender, does, utc_now).run(common.database_url)
            finally:
                missed.cancel()

    return Role(leases.ready, work)


def _views() -> Views:
    settings = Settings.from_environment()
    return Views(settings.common, lambda: Wiring(settings).store, READER, VIEWS)


add_replays(cli, _views)


def _scopes() -> frozenset[str]:
    from services.alerts.api import SCOPES

    return SCOPES


add_store_commands(cli, "alerts", relay.TOPIC, _store, _scopes)


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


@cli.command("detect")
def detect_lines() -> None:
    """What the detectors make of check-ins: JSON lines in time order from stdin, a line for each to stdout. Nothing is kept.

    In: id, member, recorded_at, mood, and energy, stress, wants_contact where they were said. Out: id, member, at, points,
    tier, reasons; of a line that can't be taken id, error, line.
    """
    from services.alerts.application import detect_command
    from services.alerts.views.members import SHIPPED

    for line in detect_command.detected(sys.stdin.buffer, SHIPPED):
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


@cli.command("all")
def all_roles() -> None:
    """Every role, each in a process of its own."""
    run_all("alerts", ROLES)


if __name__ == "__main__":
    cli()
