"""The form of a record: CloudEvents 1.0, Kafka protocol binding, binary mode, JSON value, keyed by the subject."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, Protocol
from uuid import UUID, uuid5

from shared.events import PublicEvent
from shared.store.events import PrivateEvent

SPEC_VERSION = b"1.0"
CONTENT_TYPE = b"application/json"


class OutgoingRecord(NamedTuple):
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    timestamp_ms: int


def record_of(service: str, sequence: int, stored: PrivateEvent, event: PublicEvent) -> OutgoingRecord:
    """The record of a stored event. Its `ce_id` comes from the stored event alone, so it is the same at every sending.

    Its timestamp is the event's own time: the moment of sending would tell more than an event with a coarse time does.
    """
    at = event.occurred_at
    subject = str(event.subject).encode()
    headers = [
        ("ce_specversion", SPEC_VERSION),
        ("ce_id", str(event_id(stored.originator_id, stored.originator_version)).encode()),
        ("ce_source", source_of(service)),
        ("ce_type", _type(type(event))),
        ("ce_time", at.isoformat().replace("+00:00", "Z").encode()),
        ("ce_subject", subject),
        ("ce_sequence", b"%d" % sequence),
        ("content-type", CONTENT_TYPE),
    ]
    return OutgoingRecord(subject, event.model_dump_json().encode(), headers, int(at.timestamp() * 1_000))


@cache
def source_of(service: str) -> bytes:
    return f"/alongside/{service}".encode()


@cache
def _type(event: type[PublicEvent]) -> bytes:
    return event.type().encode()


def event_id(originator: UUID, version: int) -> UUID:
    return uuid5(originator, str(version))


class Readable(Protocol):
    """What is read of a record; aiokafka's own records have it, so that a history isn't copied once more."""

    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


@dataclass(frozen=True)
class Record:
    """A record as it was read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: Sequence[tuple[str, bytes]]

    def header(self, name: str) -> str | None:
        for key, value in self.headers:
            if key == name:
                return value.decode()
        return None
