"""What every view must hold: the pure fold over the publishers' event stores, without Kafka and without an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import services.alerts.stream as of_alerts
import services.checkins.relay as from_checkins
import services.evaluation.relay as from_evaluation
import services.evaluation.stream as of_evaluation
import services.recognition.relay as from_recognition
import services.recognition.stream as of_recognition
import services.support.stream as of_support
from services.evaluation.__main__ import all_instruments
from services.recognition.views import KUDOS_PER_DAY
from shared.events import PublicEvent, checkins
from shared.projection.view import Key, View
from shared.store.event_store import EventStore
from shared.store.events import PrivateEvent

PAGE = 5_000
States = dict[Key, Any]
Environment = Mapping[str, str]
Translate = Callable[[PrivateEvent], PublicEvent | None]

PUBLISHERS: dict[str, tuple[str, Translate]] = {
    from_checkins.TOPIC: ("checkins", from_checkins.translate),
    from_recognition.TOPIC: ("recognition", from_recognition.translate),
    from_evaluation.TOPIC: ("evaluation", from_evaluation.translate),
}
"""Of each topic that is read by somebody: who publishes it, and what of its store is public."""

READERS: dict[str, tuple[str, tuple[View[Any], ...]]] = {
    "alerts": (of_alerts.READER, of_alerts.VIEWS),
    "recognition": (of_recognition.READER, of_recognition.VIEWS),
    "evaluation": (of_evaluation.READER, of_evaluation.views_of(all_instruments())),
    "support": (of_support.READER, of_support.VIEWS),
}
"""Of each service that reads: its reader's name and its views."""


@dataclass(frozen=True)
class Difference:
    """A key whose state in the live view isn't the fold's; None where there is none."""

    view: str
    key: Key
    folded: Any
    found: Any


def differences(environment: Environment) -> list[Difference]:
    """Every key of every view in which table and fold differ. Asked while nothing is under way."""
    published = {topic: list(_published(environment, topic)) for topic in PUBLISHERS}
    found: list[Difference] = []
    for service, (_, views) in READERS.items():
        with closing(store_of(environment, service)) as store:
            for view in views:
                expected = expected_states(view, published[view.topic], erased(published[from_checkins.TOPIC]))
                found += compare(f"{service}.{view.name}", expected, live_states(store, view))
    return found


def store_of(environment: Environment, service: str) -> EventStore:
    return EventStore(service, environment[f"{service.upper()}_DATABASE_URL"], pool_size=1)


def stored(store: EventStore) -> Iterator[PrivateEvent]:
    """All events of a store in commit order."""
    position = 0
    while page := store.notifications(position, PAGE):
        yield from (event for _, event in page)
        position = page[-1][0]


def folded(view: View[Any], events: Sequence[PublicEvent]) -> States:
    """The states of a view after these events, in a dict; keys whose fold keeps nothing are left out."""
    states: States = {}
    for event in events:
        if (key := view.key_of(event)) is not None:
            states[key], _ = view.fold(states.get(key), event)
    return {key: state for key, state in states.items() if state is not None}


def expected_states(view: View[Any], events: Sequence[PublicEvent], gone: set[UUID]) -> States:
    """The fold, without what another topic took away: the kudos of givers who were erased."""
    states = folded(view, events)
    return {key: state for key, state in states.items() if key[0] not in gone} if view is KUDOS_PER_DAY else states


def live_states(store: EventStore, view: View[Any]) -> States:
    """What is read under the view's name."""
    with store.transaction() as cursor:
        cursor.execute(f"SELECT * FROM {view.name}".encode())
        rows = [tuple(row.values()) for row in cursor]
    return {row[: len(view.key)]: view.from_row(*row) for row in rows}


def erased(events: Sequence[PublicEvent]) -> set[UUID]:
    return {event.member for event in events if isinstance(event, checkins.MemberErased)}


def _published(environment: Environment, topic: str) -> Iterator[PublicEvent]:
    service, translate = PUBLISHERS[topic]
    with closing(store_of(environment, service)) as store:
        yield from (public for event in stored(store) if (public := translate(event)) is not None)


def compare(view: str, expected: States, found: States) -> list[Difference]:
    """Key by key; a key that only one of them has is a difference too."""
    keys = sorted(expected.keys() | found.keys(), key=str)
    return [Difference(view, key, expected.get(key), found.get(key)) for key in keys if expected.get(key) != found.get(key)]
