"""States kept in memory, as many as fit: those used last. All of them are stored, so that any may be let go."""

from typing import Any

from shared.projection.view import Key

REMEMBERED = 50_000
"""States of one partition and view in each of the two halves."""


class Cell:
    """The state of one key, None where there is none; `changed` until it is stored."""

    __slots__ = ("changed", "key", "state")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.state: Any = None
        self.changed = False


class States:
    """Two halves: what is used goes to the young one; when that is full it becomes the old one, and that is let go."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._young: dict[Key, Cell] = {}
        self._old: dict[Key, Cell] = {}
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
                found = self.missing[key] = Cell(key)
            self._young[key] = found
        return found

    def rotate(self) -> None:
        """Only between batches: what has changed and isn't stored yet must not be loaded once more."""
        if len(self._young) > self._remembered:
            self._old, self._young = self._young, {}

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())
