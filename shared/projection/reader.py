"""What a service does with what others published: its views are folded, and what the folds call upon follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.projection.view import Effect, Key, View
from shared.store.erasures import Erased
from shared.store.event_store import Write
from shared.store.events import PrivateEvent


@dataclass(frozen=True)
class Changes:
    """What effects come to; committed together with states and position, or not at all."""

    events: Sequence[PrivateEvent] = ()
    writes: Sequence[Write] = ()


Changed = Mapping[str, Mapping[Key, Any]]
"""By view and key: the states as they are after a batch and not yet stored; None for what is gone."""


class Reader(Protocol):
    """A service's stream: its name, its views, and what is done live because of their effects."""

    @property
    def name(self) -> str: ...

    @property
    def views(self) -> Sequence[View[Any]]: ...

    def follow(self, effects: Sequence[Effect], changed: Changed) -> Changes:
        """Called in a worker thread; called again with the same effects when somebody else wrote in between."""
        ...


class ForgettingReader(Reader, Protocol):
    """One that holds something about people."""

    def forget(self, gone: Sequence[Erased]) -> Changes:
        """What follows from erasures, in a stream or at a start; the same however often it is asked."""
        ...


def topics_of(views: Sequence[View[Any]]) -> tuple[str, ...]:
    """The topics that these views fold, each once."""
    return tuple(dict.fromkeys(view.topic for view in views))
