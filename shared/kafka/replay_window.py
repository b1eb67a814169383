"""Which part of history a dry run is about.

Everything up to `to` is folded, since a state is made of its whole past; `from`, `types` and `members` say which of it is
reported: the keys that such events touched. A position is a publisher's sequence, a time an event's own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.events import PublicEvent
from shared.kafka.records import Readable
from shared.projection.batch import read_batch
from shared.projection.bounds import Bound, span
from shared.projection.view import Key, View


@dataclass(frozen=True)
class Wanted:
    folded: Iterable[Readable]
    touched: set[Key] = field(default_factory=set)


@dataclass(frozen=True)
class Window:
    since: Bound | None = None
    until: Bound | None = None
    types: frozenset[str] = frozenset()
    """Names of events, such as `CheckInRecorded`."""

    members: frozenset[bytes] = frozenset()
    """Subjects, as they are in records."""

    @classmethod
    def read(cls, asked: Any, publisher: str | None = None) -> "Window":
        """From a replay's `from`, `to`, `types` and `members`. Raises ValueError for bounds that are none, or another's."""
        members = frozenset(str(member).encode() for member in asked.get("members") or ())
        return cls(*span(asked, publisher), frozenset(asked.get("types") or ()), members)

    @property
    def limits_keys(self) -> bool:
        return bool(self.since is not None or self.types or self.members)

    @property
    def is_everything(self) -> bool:
        return not self.limits_keys and self.until is None

    def of(self, coming: Iterable[Readable], view: View[Any]) -> Wanted:
        if self.is_everything:
            return Wanted(coming)
        records = list(coming)
        entries = [entry for entry in read_batch(records, -1, [view]) if not isinstance(entry[2], Exception)]
        after = {
            record.offset
            for record, sequence, event, _ in entries
            if self.until and not _within(sequence, event, None, self.until)
        }
        touched = {
            keys[0]
            for record, sequence, event, keys in entries
            if keys and keys[0] is not None and self._reported(record, sequence, event)
        }
        return Wanted([record for record in records if record.offset not in after], touched)

    def _reported(self, record: Readable, sequence: int, event: PublicEvent | Exception) -> bool:
        return (
            _within(sequence, event, self.since, self.until)
            and (not self.types or type(event).__name__ in self.types)
            and (not self.members or record.key in self.members)
        )


def _within(sequence: int, event: PublicEvent | Exception, since: Bound | None, until: Bound | None) -> bool:
    assert isinstance(event, PublicEvent), "what can't be read was left out"
    later = since is None or (event.occurred_at >= since if isinstance(since, datetime) else sequence > since)
    earlier = until is None or (event.occurred_at <= until if isinstance(until, datetime) else sequence <= until)
    return later and earlier
