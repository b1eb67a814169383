"""The only place that wires evaluation together: `python -m services.evaluation ROLE`.

A role imports only what it runs, so that a killed one is back in half the time.
"""

import asyncio
from importlib.resources import files
from typing import TYPE_CHECKING

import typer

from services.evaluation import relay, views
from services.evaluation.application import Evaluation, Mixer, Readings, Seals
from services.evaluation.domain import Instrument, read_instrument
from services.evaluation.settings import Settings
from services.evaluation.stream import READER, EvaluationReader, views_of
from shared.clock import utc_now
from shared.kafka.reapplied import reapplying_of
from shared.kafka.relay_options import AsJson, From
from shared.kafka.replay_command import Views, add_commands
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
    from services.evaluation.api.parts import OpenParts

ROLES = ("api", "stream", "replays", "relay")
SCHEMA = (*views.SCHEMA, *WITH_VIEWS)

cli = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def all_instruments() -> dict[str, Instrument]:
    folder = files("services.evaluation") / "instruments"
    read = [read_instrument(file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".toml")]
    return {instrument.id: instrument for instrument in read}


def _store(common: Common) -> EventStore:
    store = EventStore("evaluation", common.database_url, SCHEMA)
    Generations(READER, views_of(all_instruments())).prepare(store)
    return store


def _data_keys(common: Common, store: EventStore) -> DataKeys:
    return DataKeys(store, KeyFile(common.keys / "kek"))


def _open(settings: Settings) -> "OpenParts":
    from services.evaluation.api.parts import OpenParts
    from shared.http.idempotency import Answers
    from shared.http.writes import Writes

    store = _store(settings.common)
    keys, instruments = _data_keys(settings.common, store), all_instruments()
    seals = Seals(keys)
    evaluation = Evaluation(store, seals, instruments, settings.crisis_url, utc_now)
    answers = Answers(store, keys, utc_now)
    readings = Readings(store, instruments, seals)
    writes = Writes(store, answers, evaluation.decide)
    parts = OpenParts(store, readings, writes, Positions(store, READER), keys.of("drawn tokens"))
    parts.holdings = readings.held
    parts.ops = Ops(store, READER, views_of(instruments), utc_now)
    parts.reapplying = reapplying_of(settings.common.kafka, store, EvaluationReader(instruments))
    return parts


@cli.command("api")
def serve() -> None:
    """HTTP in."""
    from services.evaluation import api
    from shared.http.serving import run_api

    settings = Settings.from_environment()
    run_api(settings.common, lambda: _open(settings), api.build)


@cli.command("stream")
def follow() -> None:
    """Kafka in."""
    from shared.kafka.stream_role import run_stream

    common = Settings.from_environment().common
    run_stream(common, lambda: (EvaluationReader(all_instruments()), _store(common)))


@cli.command("relay")
def relay_events(start: From = None, json: AsJson = False) -> None:
    """Waiting answers to events, in random order; stored events to Kafka; with --from, those of before once more."""
    settings = Settings.from_environment()
    common = settings.common
    if start is not None:
        from shared.kafka.republish_command import run_republishing

        run_republishing(common, lambda: _store(common), relay.TOPIC, relay.translate, start, json)
    else:
        run_role(common, "relay", lambda: _mixing_relay(settings))


def _mixing_relay(settings: Settings) -> Role:
    from shared.kafka.relay import Relay

    common = settings.common
    store = _store(common)
    follower = Relay(store, common.database_url, relay.TOPIC, relay.translate, common.kafka)
    mixer = Mixer(store, Seals(_data_keys(common, store)), all_instruments(), utc_now)

    async def work() -> None:
        async with asyncio.TaskGroup() as together:
            together.create_task(mixer.run(settings.mix_seconds))
            together.create_task(follower.run())

    return Role(follower.ready, work)


def _views() -> Views:
    common = Settings.from_environment().common
    return Views(common, lambda: _store(common), READER, views_of(all_instruments()))


add_commands(cli, _views)


def _scopes() -> frozenset[str]:
    from services.evaluation.api import SCOPES

    return SCOPES


add_store_commands(cli, "evaluation", relay.TOPIC, _store, _scopes)


@cli.command("all")
def all_roles() -> None:
    """Every role, each in a process of its own."""
    run_all("evaluation", ROLES)


if __name__ == "__main__":
    cli()
