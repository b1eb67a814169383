"""Every kind of place in which something could have been left, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.canaries import databases, kafka, machine
from tests.canaries.scene import Named, Scene

Read = Callable[[Scene], Iterator[Named]]


@dataclass(frozen=True)
class Place:
    name: str
    read: Read


def _kept(name: str) -> Read:
    return lambda scene: iter(list(getattr(scene, name)))


PLACES = [
    Place("Kafka: keys", kafka.keys),
    Place("Kafka: headers", kafka.headers),
    Place("Kafka: values", kafka.values),
    Place("Kafka: topics' and groups' names, offsets' metadata", kafka.names_and_offsets),
    Place("Kafka: its files", machine.files_of("kafka")),
    Place("webhooks: headers", _kept("received_headers")),
    Place("webhooks: bodies", _kept("received_bodies")),
    Place("logs of every role", machine.logs_of_roles),
    Place("log of Kafka", machine.log_of("kafka")),
    Place("log of PostgreSQL", machine.log_of("postgres")),
    Place("log of the supervisor", machine.files_of("supervisor")),
    Place("/metrics of every role", machine.pages("/metrics")),
    Place("/healthz and /readyz of every role", machine.pages("/healthz", "/readyz")),
    Place("/openapi.json", machine.pages("/openapi.json", apis=True)),
    Place("error bodies", _kept("error_bodies")),
    Place("answers to what was written", _kept("written_answers")),
    Place("headers of answers", _kept("answer_headers")),
    Place("what others may read", _kept("others_reads")),
    Place("what commands print", _kept("printed")),
    Place("databases: events", databases.tables("_events")),
    Place("databases: deliveries", databases.tables("deliveries")),
    Place("databases: attempts", databases.tables("attempts")),
    Place("databases: timers", databases.tables("timers")),
    Place("databases: parked", databases.tables("parked")),
    Place("databases: replays", databases.tables("replays")),
    Place("databases: kept answers", databases.tables("idempotent_answers")),
    Place("databases: all other tables", databases.other_tables),
    Place("databases: activity and statistics", databases.activity),
    Place("PostgreSQL: write-ahead log", machine.files_of("postgres/pg_wal")),
    Place("PostgreSQL: its files, dead rows too", machine.files_of("postgres/base")),
    Place("processes: command lines", machine.processes("cmdline")),
    Place("processes: environments", machine.processes("environ")),
    Place("pid files", machine.files_of("run")),
    Place(".local: env, record, ports, keys", machine.files_beside),
    Place("temporary files", machine.temporary),
]
