"""A batch of one partition's records in memory: read, then folded, without a word to the database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.events import PublicEvent, UnknownEventType, read_event
from shared.kafka.records import Readable
from shared.projection.parked import Parking, known_as, subject_of
from shared.projection.view import Effect, Key, View

Entry = tuple[Readable, int, PublicEvent | Exception, Sequence[Key | None]]
"""A record, its sequence, its event or why it can't be read, and its key for each view."""

UNREADABLE = -1
"""The sequence of a record whose own can't be read."""


def read_batch(records: Iterable[Readable], last: int, views: Sequence[View[Any]]) -> list[Entry]:
    """What of these records has a greater sequence than `last`, in order; types that aren't known here are passed over.

    The sequence has the first word: what couldn't be read was parked under it, and isn't parked again when it is sent again.
    """
    entries: list[Entry] = []
    for record in records:
        headers = dict(record.headers)
        said = headers.get("ce_sequence", b"")
        sequence = int(said) if said.isdigit() else UNREADABLE
        if UNREADABLE < sequence <= last:
            continue
        try:
            event = read_event(headers.get("ce_type", b"").decode(), record.value)
            if sequence == UNREADABLE:
                raise ValueError("no sequence")
            entries.append((record, sequence, event, [view.key_of(event) for view in views]))
        except UnknownEventType:
            continue
        except Exception as error:
            entries.append((record, sequence, error, ()))
        last = max(last, sequence)
    return entries


@dataclass
class Folding:
    """What a batch comes to. `states` holds, for each view in order, the state of every key that the batch needs."""

    views: Sequence[View[Any]]
    states: Sequence[dict[Key, Any]]
    parked: set[bytes]
    """Subjects whose events wait; those that fail here are added."""

    settled: Mapping[int, bool] = field(default_factory=dict)
    """What the live reader hasn't folded either, by what it is known as: parked (True) or dropped (False)."""

    effects: list[Effect] = field(default_factory=list)
    parkings: list[Parking] = field(default_factory=list)
    sequences: list[int] = field(default_factory=list)
    changed: list[dict[Key, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.changed = [{} for _ in self.views]

    def fold(self, entries: Iterable[Entry]) -> None:
        """An event whose fold fails changes nothing, in no view, and is parked; so are the later ones of its subject."""
        for record, sequence, event, keys in entries:
            if self.settled and (waits := self.settled.get(known_as(sequence, record))) is not None:
                if waits:
                    self.parked.add(subject_of(record))
                    self.parkings.append(Parking(record, None))
                continue
            if self.parked and subject_of(record) in self.parked:
                self.parkings.append(Parking(record, None))
                continue
            try:
                if isinstance(event, Exception):
                    raise event
                self._apply(event, keys)
                self.sequences.append(sequence)
            except Exception as error:
                self.parked.add(subject_of(record))
                self.parkings.append(Parking(record, error))

    @property
    def failing(self) -> int:
        return sum(one.error is not None for one in self.parkings)

    @property
    def changed_by_name(self) -> Mapping[str, Mapping[Key, Any]]:
        return {view.name: changed for view, changed in zip(self.views, self.changed, strict=True)}

    def _apply(self, event: PublicEvent, keys: Sequence[Key | None]) -> None:
        folded = [
            (states, changed, key, *view.fold(states[key], event))
            for view, states, changed, key in zip(self.views, self.states, self.changed, keys, strict=True)
            if key is not None
        ]
        for states, changed, key, state, effects in folded:
            if state is not states[key]:
                states[key] = changed[key] = state
            if effects:
                self.effects += effects
