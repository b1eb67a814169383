"""Kafka in: which members there are, and who manages whom."""

from collections.abc import Sequence
from typing import Any

from services.support.application import Members
from services.support.views.members import MEMBERS
from shared.projection.reader import Changed, Changes
from shared.projection.view import Effect, View
from shared.store.erasures import Erased

READER = "support-stream"
VIEWS: tuple[View[Any], ...] = (MEMBERS,)


class SupportReader:
    name = READER
    views: Sequence[View[Any]] = VIEWS

    def __init__(self, members: Members) -> None:
        self._members = members

    def follow(self, effects: Sequence[Effect], changed: Changed) -> Changes:
        return self._members.follow(effects)

    def forget(self, gone: Sequence[Erased]) -> Changes:
        return self._members.forget(gone)
