"""What support knows: a request for support, under a name or a pseudonym, and what is said about it. Pure: no I/O, no clock."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.errors import wrong_state
from shared.events.support import Kind
from shared.store.events import PrivateEvent


class RequestMade(PrivateEvent, frozen=True, kw_only=True):
    """`by` is a member, or a pseudonym that leads to nobody without that member's key. `text` is sealed under its key."""

    originator_version: int = 1
    by: UUID
    pseudonymous: bool
    kind: str
    text: bytes


class MessageSent(PrivateEvent, frozen=True, kw_only=True):
    """`supporter` is the member who answered; None where whoever asked wrote. `text` is sealed under the key of who asked."""

    supporter: UUID | None
    text: bytes


class RequestClosed(PrivateEvent, frozen=True, kw_only=True):
    pass


@dataclass(frozen=True)
class Request:
    id: UUID
    by: UUID
    pseudonymous: bool
    version: int = 1
    closed: bool = False

    @property
    def next_version(self) -> int:
        return self.version + 1

    @staticmethod
    def make(request: UUID, by: UUID, pseudonymous: bool, kind: Kind, text: bytes, at: datetime) -> RequestMade:
        return RequestMade(originator_id=request, at=at, by=by, pseudonymous=pseudonymous, kind=kind.value, text=text)

    def say(self, supporter: UUID | None, text: bytes, at: datetime) -> MessageSent:
        """Raises a 409 Problem when it is closed."""
        self._require_open()
        return MessageSent(originator_id=self.id, originator_version=self.next_version, at=at, supporter=supporter, text=text)

    def close(self, at: datetime) -> RequestClosed:
        """Raises a 409 Problem when it is closed already."""
        self._require_open()
        return RequestClosed(originator_id=self.id, originator_version=self.next_version, at=at)

    def _require_open(self) -> None:
        if self.closed:
            raise wrong_state("The request is closed already.")


def replay(events: Iterable[PrivateEvent]) -> Request | None:
    """The request after all its events; None without any."""
    request: Request | None = None
    for event in events:
        request = _after(request, event)
    return request


def _after(request: Request | None, event: PrivateEvent) -> Request:
    if isinstance(event, RequestMade):
        return Request(event.originator_id, event.by, event.pseudonymous)
    assert request is not None, "a request begins by being made"
    return replace(request, version=event.originator_version, closed=request.closed or isinstance(event, RequestClosed))
