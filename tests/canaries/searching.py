"""Looks for every canary in every kind of place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.canaries.places import PLACES, Place
from tests.canaries.scene import Scene


@dataclass(frozen=True)
class Searched:
    """How much was looked at, and what was found: where exactly, which canary, in which form."""

    place: str
    pieces: int
    size: int
    hits: tuple[tuple[str, str, str], ...]


def search(scene: Scene, places: Iterable[Place] = PLACES) -> list[Searched]:
    return [_searched(scene, place) for place in places]


def _searched(scene: Scene, place: Place) -> Searched:
    pieces, size, hits = 0, 0, set[tuple[str, str, str]]()
    for where, data in place.read(scene):
        pieces, size = pieces + 1, size + len(data)
        hits |= {(where, *found) for found in scene.canaries.found_in(data)}
    return Searched(place.name, pieces, size, tuple(sorted(hits)))
