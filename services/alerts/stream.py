"""Kafka in: the members' events, into the view and into alerts."""

from collections.abc import Sequence
from typing import Any

from services.alerts.application.intake import Intake
from services.alerts.views import members
from shared.projection.reader import Changed, Changes
from shared.projection.view import Effect, View
from shared.store.erasures import Erased

READER = "alerts-stream"
VIEWS: tuple[View[Any], ...] = (members.VIEW,)


class MemberReader:
    """What alerts follows: `checkins.events`, keyed by member, so that one member's events come in order."""

    name = READER
    views: Sequence[View[Any]] = VIEWS

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def follow(self, effects: Sequence[Effect], changed: Changed) -> Changes:
        after = {member: state for (member,), state in changed[members.VIEW.name].items()}
        return self._intake.act_on(effects, after)

    def forget(self, gone: Sequence[Erased]) -> Changes:
        return self._intake.forget(gone)
