"""A service's own events: what its aggregates are made of, and what the event store keeps.

They are private: no other service reads them, the relay translates them. A field that is added later gets a default, so
that every event ever stored is still read.
"""

from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

import msgspec
from eventsourcing.persistence import Mapper, StoredEvent

_types: dict[str, type["PrivateEvent"]] = {}


class PrivateEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to one aggregate.

    The topic under which it is stored is `service.ClassName`, taken from the class's module, so that code may move.
    """

    topic: ClassVar[str] = ""

    originator_id: UUID
    originator_version: int
    at: datetime

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        package, service = cls.__module__.split(".")[:2] if "." in cls.__module__ else ("", cls.__module__)
        cls.topic = f"{service}.{cls.__name__}"
        if package == "services" and cls.topic in _types:
            raise TypeError(f"two private events are named {cls.topic}")
        _types[cls.topic] = cls

    @classmethod
    def decode(cls, state: bytes) -> Self:
        return msgspec.json.decode(state, type=cls)


class PrivateEventMapper(Mapper[UUID]):
    """Private events to and from stored bytes, as JSON by msgspec (4 times the library's own transcoder)."""

    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder()
        self._decoders: dict[str, msgspec.json.Decoder[PrivateEvent]] = {}

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        return StoredEvent(
            domain_event.originator_id,
            domain_event.originator_version,
            domain_event.topic,
            self._encoder.encode(domain_event),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> PrivateEvent:
        return self._decoder(stored_event.topic).decode(stored_event.state)

    def _decoder(self, topic: str) -> msgspec.json.Decoder[PrivateEvent]:
        if topic not in self._decoders:
            self._decoders[topic] = msgspec.json.Decoder(_types[topic])
        return self._decoders[topic]
