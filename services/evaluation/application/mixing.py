"""From waiting answers to events: in random order, under new ids, at a coarse hour, some at a time."""

import asyncio
import random
from collections.abc import Sequence
from uuid import UUID, uuid4

import structlog
from psycopg.rows import DictRow

from services.evaluation.domain import AnswerSubmitted, CommentLeft, Survey, coarse
from services.evaluation.views import surveys, waiting
from shared.clock import Clock
from shared.store.event_store import Conflict, EventStore, Unavailable, Write
from shared.store.group_commit import Decision

log = structlog.get_logger()


class Mixer:
    """Moves what waits. Several may run: what one has taken, another doesn't find."""

    def __init__(self, store: EventStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def run(self, every_seconds: float) -> None:
        """Mixes until cancelled. Longer hides an answer among more others, and is longer without a result."""
        while True:
            try:
                await asyncio.to_thread(self.mix)
            except (Conflict, *Unavailable) as error:
                log.warning("mixer.again", error=type(error).__name__)
            await asyncio.sleep(every_seconds)

    def mix(self) -> None:
        """Moves all answers that wait, and the comments that are enough to be mixed or whose survey is over."""
        self._record(self.moved_answers(waiting.answers(self._store)))
        self._record(self.moved_comments(waiting.comments_to_move(self._store, self._clock())))

    def moved_answers(self, rows: Sequence[DictRow]) -> Decision[None]:
        """The events that waiting answers become, shuffled. Which cell an answer counts in is decided now: a team too small
        ever to be shown is not named in an event."""
        if not rows:
            return Decision(None)
        known = surveys.surveys(self._store, list({row["survey"] for row in rows}))
        sizes = surveys.team_sizes(self._store)
        at = coarse(self._clock())
        events = [
            AnswerSubmitted(
                originator_id=uuid4(),
                originator_version=1,
                at=at,
                survey=row["survey"],
                team=_cell(row["team"], known[row["survey"]], sizes.get(row["team"], 0)),
                scores=row["scores"],
            )
            for row in shuffled(rows)
        ]
        return Decision(None, events, (waiting.take_answers([row["id"] for row in rows]), waiting.rewrite_comments))

    def moved_comments(self, rows: Sequence[DictRow]) -> Decision[None]:
        if not rows:
            return Decision(None)
        at = coarse(self._clock())
        events = [
            CommentLeft(originator_id=uuid4(), originator_version=1, at=at, survey=row["survey"], text=bytes(row["text"]))
            for row in shuffled(rows)
        ]
        writes: list[Write] = [waiting.take_comments([row["id"] for row in rows])]
        writes += [waiting.put_comment(event.originator_id, event.survey, event.text) for event in events]
        return Decision(None, events, writes)

    def of_survey(self, survey: UUID) -> Decision[None]:
        """All answers to one survey that wait, to be moved with what ends it."""
        return self.moved_answers(waiting.answers(self._store, survey))

    def _record(self, decision: Decision[None]) -> None:
        if decision.events:
            self._store.record(decision.events, decision.writes)


def shuffled(rows: Sequence[DictRow]) -> list[DictRow]:
    return random.SystemRandom().sample(rows, len(rows))


def _cell(team: str | None, survey: Survey, members: int) -> str | None:
    return None if team is None else survey.cell_of(team, members)
