"""What views must hold: a plain fold over all events, beside what is stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.events import PublicEvent
from shared.projection.view import Key, View
from shared.store.event_store import EventStore

States = dict[Key, Any]


def folded(view: View[Any], events: Iterable[PublicEvent]) -> States:
    states: States = {}
    for event in events:
        if (key := view.key_of(event)) is not None:
            states[key], _ = view.fold(states.get(key), event)
    return {key: state for key, state in states.items() if state is not None}


def stored(store: EventStore, view: View[Any]) -> States:
    """What is read under the view's name."""
    with store.transaction() as cursor:
        cursor.execute(f"SELECT * FROM {view.name}".encode())
        rows = [tuple(row.values()) for row in cursor]
    return {row[: len(view.key)]: view.from_row(*row) for row in rows}
