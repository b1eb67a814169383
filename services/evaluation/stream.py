"""Kafka in: which members there are, and what the answers to each survey come to."""

from collections.abc import Mapping, Sequence

from services.evaluation.domain import Instrument
from services.evaluation.views import surveys, tallies
from shared.events.evaluation import CellFilled, SurveyAnswered
from shared.projection.reader import Changes, Received
from shared.store.event_store import EventStore, Write

READER = "evaluation-stream"
TOPICS = ("checkins.events", "evaluation.events")


class EvaluationReader:
    """The folds are in `views`; of what there is already they need only each survey's instrument."""

    name = READER
    topics: Sequence[str] = TOPICS

    def __init__(self, store: EventStore, instruments: Mapping[str, Instrument]) -> None:
        self._store = store
        self._instruments = instruments

    def advance(self, received: Sequence[Received]) -> Changes:
        """A batch of one partition as rows to write."""
        events = [one.event for one in received]
        teams = surveys.moves(events)
        here = {member: team for member, team in teams.items() if team is not None}
        gone = [member for member, team in teams.items() if team is None]
        writes: list[Write] = []
        if here:
            writes.append(surveys.put_members(here))
        if gone:
            writes.append(surveys.drop_members(gone))
        writes += self._count([event for event in events if isinstance(event, SurveyAnswered | CellFilled)])
        return Changes((), writes)

    def _count(self, answered: Sequence[SurveyAnswered | CellFilled]) -> list[Write]:
        if not answered:
            return []
        known = surveys.surveys(self._store, list({event.survey for event in answered}))
        instruments = {survey.id: self._instruments[survey.instrument] for survey in known.values()}
        return [tallies.add(tallies.tally(answered, instruments))]
