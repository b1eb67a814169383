"""States kept in memory, as many as fit: those used last. All of them are stored, so that any may be let go."""

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from shared.projection.view import Key

S = TypeVar("S")

REMEMBERED = 50_000
"""States of one partition and view in each of the two halves."""


class States(Generic[S]):
    """Two halves: what is used goes to the young one; when that is full it becomes the old one, and that is let go."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._young: dict[Key, S | None] = {}
        self._old: dict[Key, S | None] = {}

    def find(self, keys: Iterable[Key]) -> tuple[dict[Key, S | None], list[Key]]:
        """The states that are in memory (None: known not to be stored), and the keys of those that aren't."""
        young, old = self._young, self._old
        found: dict[Key, S | None] = {}
        missing: list[Key] = []
        for key in keys:
            if key in young:
                found[key] = young[key]
            elif key in old:
                found[key] = old[key]
            else:
                missing.append(key)
        return found, missing

    def put(self, states: Mapping[Key, S | None]) -> None:
        self._young.update(states)
        if len(self._young) > self._remembered:
            self._old, self._young = self._young, {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
