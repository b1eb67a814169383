"""What may be asked of support, and by whom."""

from dataclasses import dataclass
from uuid import UUID

from shared.events.support import Kind


@dataclass(frozen=True)
class Who:
    """A person. `supports`: whether their role lets them answer others' requests."""

    member: UUID
    supports: bool = False


@dataclass(frozen=True)
class MakeRequest:
    member: UUID
    kind: Kind
    text: str
    pseudonymous: bool


@dataclass(frozen=True)
class Say:
    request: UUID
    who: Who
    text: str


@dataclass(frozen=True)
class Close:
    request: UUID
    who: Who


Command = MakeRequest | Say | Close
