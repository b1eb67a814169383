"""States kept in memory, as many as fit: those used last. All of them are stored, so that any may be let go."""

from collections.abc import Iterable
from typing import Any

from shared.projection.view import Key

REMEMBERED = 30_000
"""States of one partition and view in each of the two halves."""


class Cell:
    """The state of one key, None where there is none. `has_row` tells whether the table has any of this key, `changed` that
    it isn't this one."""

    __slots__ = ("changed", "has_row", "key", "state")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.state: Any = None
        self.has_row = False
        self.changed = False

    def loaded(self, state: Any) -> None:
        self.state = state
        self.has_row = state is not None


PLACES = 2**22 - 1


class States:
    """Two halves: what is used goes to the young one; when that is full it becomes the old one, and that is let go.

    `from_the_beginning` says that all that was ever folded was folded here, so that a key which was never let go has no row
    and needn't be looked up: that is two thirds of what a new key costs. Of what was let go only its hash's place is kept.
    """

    def __init__(self, from_the_beginning: bool = False, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._young: dict[Key, Cell] = {}
        self._old: dict[Key, Cell] = {}
        self._let_go = bytearray()
        self._from_the_beginning = from_the_beginning
        self.missing: dict[Key, Cell] = {}
        """Asked for, and neither in memory nor loaded yet."""

    def cell(self, key: Key | None) -> Cell | None:
        """One lookup where it is in use: keys are hashed in Python, and that is dear."""
        if key is None:
            return None
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is None:
                found = Cell(key)
                if self._may_have_row(key):
                    self.missing[key] = found
            self._young[key] = found
        return found

    def rotate(self) -> None:
        """Only between batches: what has changed and isn't stored yet must not be loaded once more."""
        if len(self._young) > self._remembered:
            if self._from_the_beginning:
                self._note(self._old)
            self._old, self._young = self._young, {}

    def _may_have_row(self, key: Key) -> bool:
        if not self._from_the_beginning:
            return True
        return bool(self._let_go) and self._let_go[hash(key) & PLACES] > 0

    def _note(self, keys: Iterable[Key]) -> None:
        places = self._let_go = self._let_go or bytearray(PLACES + 1)
        for key in keys:
            places[hash(key) & PLACES] = 1
