"""Kafka in: the members' events, into the view and into alerts."""

from collections.abc import Sequence

from services.alerts.application.intake import Intake
from shared.events.checkins import MemberEvent
from shared.projection.reader import Changes, Received


class MemberReader:
    """What alerts follows: `checkins.events`, keyed by member, so that one member's events come in order."""

    name = "alerts-stream"
    topics: Sequence[str] = ("checkins.events",)

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def advance(self, received: Sequence[Received]) -> Changes:
        return self._intake.take_in([one.event for one in received if isinstance(one.event, MemberEvent)])
