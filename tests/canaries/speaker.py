"""Who says everything: the calls, the words, and the members of this run."""

from __future__ import annotations

from dataclasses import dataclass, field

from deploy.keys import Keys
from tests.canaries.poster import Poster
from tests.canaries.scene import Scene

WITHIN = 90.0
"""Seconds, for what another process has yet to do."""


@dataclass
class Speaker:
    """`word` and `say` give a canary that is labelled by where it goes; `tool` is the address of a supporter's endpoint."""

    scene: Scene
    poster: Poster
    tool: str
    members: list[str] = field(default_factory=list)

    @property
    def keys(self) -> Keys:
        return self.scene.stack.keys

    def word(self, label: str) -> str:
        return self.scene.canaries.word(label)

    def say(self, label: str) -> str:
        return self.scene.canaries.sentence(label)

    def of(self, number: int) -> str:
        return self.members[number % len(self.members)]
