"""Records of one partition in memory: read, then folded, without a word to the database."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.events import PublicEvent, UnknownEventType, read_event
from shared.kafka.records import Readable, Record
from shared.projection.parked import Parking, known_as, subject_of
from shared.projection.positions import REMEMBERED
from shared.projection.states import Cell
from shared.projection.view import Effect, Key, View

Entry = tuple[Readable, int, PublicEvent | Exception, Sequence[Key | None]]
"""A record, its sequence, its event or why it can't be read, and its key for each view."""

UNREADABLE = -1
"""The sequence of a record whose own can't be read."""

DIGITS = 18
"""What a bigint surely holds."""

LEAP = 10**12
"""No store has so many events between two of one partition; believed, such a sequence would make all later ones old."""

SEQUENCE, TYPE = "ce_sequence", "ce_type"
SEQUENCE_PLACE, TYPE_PLACE = 6, 3
"""Where the relay puts these two headers."""


def read_batch(records: Iterable[Readable], last: int, views: Sequence[View[Any]]) -> list[Entry]:
    """What of these records has a greater sequence than `last`, in order; types that aren't known here are passed over.

    The sequence has the first word: what couldn't be read was parked under it, and isn't parked again when it is sent again.
    """
    entries: list[Entry] = []
    keys_of = [view.key_of for view in views]
    for record in records:
        said, type_ = _told(record.headers)
        sequence = int(said) if said.isdigit() and len(said) <= DIGITS else UNREADABLE
        if sequence > last + LEAP and last > 0:
            sequence = UNREADABLE
        if UNREADABLE < sequence <= last:
            continue
        try:
            if not type_:
                raise ValueError("no type")
            event = read_event(type_.decode(), record.value or b"")
            if sequence == UNREADABLE:
                raise ValueError("no sequence")
            entries.append((record, sequence, event, [key_of(event) for key_of in keys_of]))
        except UnknownEventType:
            continue
        except Exception as error:
            entries.append((record, sequence, error, [None] * len(views)))
        if sequence != UNREADABLE:
            last = sequence
    return entries


def _told(headers: Sequence[tuple[str, bytes]]) -> tuple[bytes, bytes]:
    """The sequence and the type, as they were written."""
    if len(headers) > SEQUENCE_PLACE and headers[SEQUENCE_PLACE][0] == SEQUENCE and headers[TYPE_PLACE][0] == TYPE:
        return headers[SEQUENCE_PLACE][1] or b"", headers[TYPE_PLACE][1] or b""
    named = dict(headers)
    return named.get(SEQUENCE) or b"", named.get(TYPE) or b""


@dataclass
class Folding:
    """What a batch of one partition comes to."""

    topic: str
    partition: int
    views: Sequence[View[Any]]
    parked: set[bytes]
    """Subjects whose events wait; those that fail here are added."""

    last: int
    """The greatest sequence so far."""

    effects: list[Effect] = field(default_factory=list)
    parkings: list[Parking] = field(default_factory=list)
    taken: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    folded: int = 0
    ended: set[bytes] = field(default_factory=set)
    """Subjects of which nothing is parked any more: an event ended them."""

    changed: list[list[Cell]] = field(init=False)
    """For each view: the cells whose states are others than before."""

    def __post_init__(self) -> None:
        self.changed = [[] for _ in self.views]

    def fold(self, entries: Sequence[Entry], cells: Sequence[Sequence[Cell | None]], settled: Mapping[int, bool]) -> None:
        """An event whose fold fails changes nothing, in no view, and is parked; so are the later ones of its subject.

        `cells` has those of each entry, a view's after the other's. `settled` is what the live reader hasn't folded either,
        by what it is known as: parked (True) or dropped (False).
        """
        apply = self._apply_to_one if len(self.views) == 1 else self._apply
        for (record, sequence, event, _), each in zip(entries, zip(*cells, strict=True), strict=True):
            if self.parked and isinstance(event, PublicEvent) and event.ends_its_subject:
                self._unpark(subject_of(record))
            if (settled or self.parked) and not self._flows(record, settled.get(known_as(sequence, record))):
                continue
            try:
                if isinstance(event, Exception):
                    raise event
                apply(event, each)
            except Exception as error:
                self.parked.add(subject_of(record))
                self.parkings.append(self._parking(record, error))
            else:
                self.folded += 1
        self._remember(entries)

    def refuse(self, record: Readable, sequence: int, error: Exception) -> None:
        """Takes it as one that failed, without folding it."""
        self.parked.add(subject_of(record))
        self.parkings.append(self._parking(record, error))
        if sequence != UNREADABLE:
            self.taken.append(sequence)
            self.last = max(self.last, sequence)

    def _flows(self, record: Readable, waits: bool | None) -> bool:
        if waits:
            self.parked.add(subject_of(record))
        if waits is False:
            return False
        if waits or subject_of(record) in self.parked:
            self.parkings.append(self._parking(record, None))
            return False
        return True

    def _unpark(self, subject: bytes) -> None:
        self.ended.add(subject)
        self.parked.discard(subject)
        self.parkings = [one for one in self.parkings if subject_of(one.record) != subject]

    def _parking(self, record: Readable, error: Exception | None) -> Parking:
        copy = Record(self.topic, self.partition, record.offset, record.key, record.value or b"", record.headers)
        return Parking(copy, error)

    def _apply_to_one(self, event: PublicEvent, cells: Sequence[Cell | None]) -> None:
        """As `_apply`, at half of its cost."""
        cell = cells[0]
        if cell is not None:
            state, effects = self.views[0].fold(cell.state, event)
            self._put(0, cell, state, effects)

    def _apply(self, event: PublicEvent, cells: Sequence[Cell | None]) -> None:
        folded = [
            (number, cell, *self.views[number].fold(cell.state, event)) for number, cell in enumerate(cells) if cell is not None
        ]
        for one in folded:
            self._put(*one)

    def _put(self, number: int, cell: Cell, state: Any, effects: Sequence[Effect]) -> None:
        if state is not cell.state:
            cell.state = state
            if not cell.changed:
                cell.changed = True
                self.changed[number].append(cell)
        if effects:
            self.effects += effects

    def _remember(self, entries: Sequence[Entry]) -> None:
        self.taken.extend(sequence for _, sequence, _, _ in entries[-REMEMBERED:] if sequence != UNREADABLE)
        if self.taken:
            self.last = max(self.last, self.taken[-1])
