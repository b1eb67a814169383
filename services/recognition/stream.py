"""Kafka in: which members there are, and how many kudos each gave on which day."""

from collections.abc import Sequence

from services.recognition import views
from shared.projection.reader import Changes, Received
from shared.store.encryption import MemberKeys
from shared.store.event_store import Write

READER = "recognition-stream"
TOPICS = ("checkins.events", "recognition.events")


class RecognitionReader:
    """The folds are in `views`; each adds to what is there, so no state has to be loaded."""

    name = READER
    topics: Sequence[str] = TOPICS

    def __init__(self, keys: MemberKeys) -> None:
        self._keys = keys

    def advance(self, received: Sequence[Received]) -> Changes:
        """A batch of one partition as rows to write; the erased lose their key, and with it every message they wrote."""
        events = [one.event for one in received]
        teams, counts = views.teams_of(events), views.count_per_day(events)
        here = {member: team for member, team in teams.items() if team is not None}
        gone = [member for member, team in teams.items() if team is None]
        writes: list[Write] = []
        if here:
            writes.append(views.put_members(here))
        if counts:
            writes.append(views.add_counts(counts))
        if gone:
            writes += [views.drop_members(gone), *(self._keys.destroy(member) for member in gone)]
        return Changes((), writes)
