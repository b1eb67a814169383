"""What a service does with what others published: one pure-minded `advance` for each batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.events import PublicEvent
from shared.store.event_store import Write
from shared.store.events import PrivateEvent


@dataclass(frozen=True)
class Received:
    """A public event as it was read. `sequence` is the publisher's, rising within a partition; `id` is its `ce_id`."""

    topic: str
    sequence: int
    id: str
    event: PublicEvent


@dataclass(frozen=True)
class Changes:
    """What a batch comes to; committed together with the position, or not at all."""

    events: Sequence[PrivateEvent] = ()
    writes: Sequence[Write] = ()


class Reader(Protocol):
    """A service's stream: which topics it follows under which name, and what a batch of one partition changes."""

    @property
    def name(self) -> str: ...

    @property
    def topics(self) -> Sequence[str]: ...

    def advance(self, received: Sequence[Received]) -> Changes:
        """Called in a worker thread; called again with the same batch when somebody else wrote in between."""
        ...
