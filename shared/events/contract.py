"""What every public event has: a version, a subject, and how it is read for ever.

An event type is named `alongside.SERVICE.NAME.vVERSION` in `ce_type`. When a field changes its meaning the version goes up
and `upcast` turns the older data into today's; the golden files under tests/contracts/ hold every version ever published.
"""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

import msgspec
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.events.decoding import decoder_of

Code = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
"""A closed or opaque code, never prose."""

_types: dict[str, type["PublicEvent"]] = {}
_decoders: dict[str, Callable[[bytes], "PublicEvent"]] = {}
"""By `ce_type`; of today's versions, as they are first met."""


class PublicEvent(BaseModel):
    """A fact that one service publishes to all others: opaque ids, numbers and closed categories, no free text, no name."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    service: ClassVar[str]
    version: ClassVar[int] = 1
    subject_field: ClassVar[str]
    ends_its_subject: ClassVar[bool] = False
    """Nothing about the subject is kept after it: it waits behind nothing that is parked, and that is dropped."""

    occurred_at: AwareDatetime

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if not cls.__name__.endswith("Event"):  # a publisher's base class, not an event
            _types[f"{cls.service}.{cls.__name__}"] = cls

    @classmethod
    def type(cls) -> str:
        """The `ce_type` under which today's version is published."""
        return f"alongside.{cls.service}.{cls.__name__}.v{cls.version}"

    @property
    def subject(self) -> UUID:
        """Whom or what the event is about: the Kafka key, so that one subject's events stay in order."""
        subject: UUID = getattr(self, self.subject_field)
        return subject

    @classmethod
    def upcast(cls, data: dict[str, Any], version: int) -> dict[str, Any]:
        """Older data as today's version. Without older versions there is nothing to do."""
        return data

    @classmethod
    def read(cls, value: bytes, version: int) -> Self:
        """The event in a value of this version. Raises NewerVersion or pydantic's ValidationError."""
        if version > cls.version:
            raise NewerVersion(f"{cls.type()} is the newest here, not v{version}")
        if version == cls.version:
            return cls.model_validate_json(value)
        return cls.model_validate(cls.upcast(msgspec.json.decode(value), version))


class UnknownEventType(ValueError):
    """A record of a type that this release does not know; its reader passes over it."""


class NewerVersion(ValueError):
    """A record that a later release published: what it means isn't known here, so it must not be taken for today's."""


def read_event(ce_type: str, value: bytes) -> PublicEvent:
    """The event in a record of `ce_type`, of whatever version. Raises UnknownEventType, NewerVersion or pydantic's
    ValidationError."""
    if decode := _decoders.get(ce_type):
        return decode(value)
    name, _, version = ce_type.removeprefix("alongside.").rpartition(".v")
    if name not in _types or not version.isdigit():
        raise UnknownEventType(ce_type)
    kind = _types[name]
    if ce_type == kind.type():
        _decoders[ce_type] = decoder_of(kind)
    return kind.read(value, int(version))


def all_events() -> dict[str, type[PublicEvent]]:
    """Every public event by `service.Name`, in order of name."""
    return dict(sorted(_types.items()))


def event_names() -> frozenset[str]:
    """As types are asked for: without service and version."""
    return frozenset(kind.__name__ for kind in _types.values())


__all__ = ["Code", "NewerVersion", "PublicEvent", "UnknownEventType", "all_events", "event_names", "read_event"]
