"""A partition's batch, folded and on its way into the database."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.kafka.records import Readable
from shared.projection.batch import UNREADABLE, Folding, read_batch
from shared.projection.parked import headers_of
from shared.projection.positions import Move, Owned
from shared.projection.states import Cell


@dataclass(frozen=True)
class Taken:
    """`count` records up to and with the `last`."""

    owned: Owned
    folding: Folding
    count: int
    last: Readable

    @property
    def move(self) -> Move:
        anchor = headers_of(self.last).get("ce_id")
        return Move(self.owned, self.last.offset + 1, anchor, self.folding.taken, self.count)

    def settle(self) -> None:
        """Its owner knows of it: call once it is committed."""
        owned, folding, move = self.owned, self.folding, self.move
        owned.next_offset, owned.anchor = move.next_offset, move.anchor
        owned.parked, owned.sequence = folding.parked, folding.last
        owned.recent.extend(folding.taken)


def changed_of(foldings: Sequence[tuple[Owned, Folding]]) -> dict[str, list[Cell]]:
    """By view: what is to be stored."""
    changed: dict[str, list[Cell]] = {}
    for _, folding in foldings:
        for view, cells in zip(folding.views, folding.changed, strict=True):
            if cells:
                changed.setdefault(view.name, []).extend(cells)
    return changed


def sequence_of(record: Readable, last: int) -> int:
    """As `read_batch` takes it after `last`."""
    entries = read_batch([record], last, ())
    return entries[0][1] if entries else UNREADABLE
