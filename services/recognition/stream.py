"""Kafka in: which members there are, and how many kudos each gave on which day."""

from collections.abc import Sequence
from typing import Any

from services.recognition import views
from shared.clock import Clock, utc_now
from shared.http import idempotency
from shared.projection import forgetting
from shared.projection.reader import Changed, Changes
from shared.projection.view import Effect, View
from shared.store import erasures
from shared.store.encryption import MemberKeys
from shared.store.erasures import Erased

READER = "recognition-stream"
VIEWS: tuple[View[Any], ...] = (views.MEMBERS, views.KUDOS_PER_DAY)


class RecognitionReader:
    name = READER
    views: Sequence[View[Any]] = VIEWS

    def __init__(self, keys: MemberKeys, clock: Clock = utc_now) -> None:
        self._keys = keys
        self._clock = clock

    def follow(self, effects: Sequence[Effect], changed: Changed) -> Changes:
        """Only erasures call for anything."""
        return self.forget(effects)

    def forget(self, gone: Sequence[Erased]) -> Changes:
        """The erased lose their key, and with it every message they wrote."""
        members = [one.member for one in gone]
        dropped = (views.drop_members(members), forgetting.forget(members, VIEWS), idempotency.forget(members))
        keys = (self._keys.destroy(member) for member in members)
        return Changes((), [erasures.put(gone, self._clock()), *dropped, *keys])
