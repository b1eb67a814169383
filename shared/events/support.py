"""What `support` publishes to `support.events`, keyed by request. Nobody is in any of it, not under a pseudonym either."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from shared.events.contract import PublicEvent


class Kind(StrEnum):
    FEELING = "feeling"
    NEED = "need"
    CONCERN = "concern"


class RequestEvent(PublicEvent):
    service: ClassVar[str] = "support"
    subject_field: ClassVar[str] = "request"

    request: UUID


class SupportRequested(RequestEvent):
    kind: Kind
    pseudonymous: bool


class SupportAnswered(RequestEvent):
    """A supporter wrote."""


class SupportRequestClosed(RequestEvent):
    pass
