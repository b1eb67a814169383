"""Kafka in: which members there are, and how many kudos each gave on which day."""

from collections.abc import Sequence
from typing import Any

from services.recognition import views
from shared.projection.reader import Changed, Changes
from shared.projection.view import Effect, View
from shared.store.encryption import MemberKeys

READER = "recognition-stream"
VIEWS: tuple[View[Any], ...] = (views.MEMBERS, views.KUDOS_PER_DAY)


class RecognitionReader:
    name = READER
    views: Sequence[View[Any]] = VIEWS

    def __init__(self, keys: MemberKeys) -> None:
        self._keys = keys

    def follow(self, effects: Sequence[Effect], changed: Changed) -> Changes:
        """The erased lose their key, and with it every message they wrote."""
        gone = [effect.member for effect in effects]
        return Changes((), [views.drop_members(gone), *(self._keys.destroy(member) for member in gone)])
