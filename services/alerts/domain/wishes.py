"""What people said about who may be asked about whom: conflicts between two, and whom a member blocks, vetoes or chose.

Why is never asked, and nobody is told that somebody blocked or vetoed them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

Pair = tuple[UUID, UUID]


class Kind(StrEnum):
    """A conflict of two people: declared as such, or one of them handles an open case of the other's for HR."""

    DECLARED = "declared"
    HR_CASE = "hr_case"


@dataclass(frozen=True)
class Wishes:
    """Pairs of member ids: of a conflict in either order, of all else the member first whose alerts it is about.

    `of`: the members of whom all this is known; None where it is of everybody.
    """

    conflicts: Collection[Pair] = frozenset()
    blocked: Collection[Pair] = frozenset()
    vetoed: Collection[Pair] = frozenset()
    chosen: Collection[Pair] = frozenset()
    of: Collection[UUID] | None = None

    def keep_apart(self, member: UUID, person: UUID) -> bool:
        """Whether this person must not hear of the member's alerts; true also where it isn't known what the member said."""
        if self.of is not None and member not in self.of:
            return True
        pair, turned = (member, person), (person, member)
        return pair in self.blocked or pair in self.vetoed or pair in self.conflicts or turned in self.conflicts

    def prefer(self, member: UUID, person: UUID) -> bool:
        return (member, person) in self.chosen


NOTHING_SAID = Wishes()
NOTHING_KNOWN = Wishes(of=frozenset())
