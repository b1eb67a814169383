"""From waiting answers to events: in random order, under new ids, at a coarse hour, some at a time."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import TypeVar
from uuid import UUID, uuid4

import structlog
from psycopg.rows import DictRow

from services.evaluation.application.sealing import Seals
from services.evaluation.domain import (
    AnswerSubmitted,
    CellFilled,
    CommentLeft,
    Instrument,
    Sheet,
    Survey,
    coarse,
    ripe,
    tally_of,
)
from services.evaluation.domain.results import N
from services.evaluation.views import cells, surveys, tokens, waiting
from shared.clock import Clock
from shared.store.event_store import Conflict, EventStore, Unavailable, Write
from shared.store.group_commit import Decision

T = TypeVar("T")
log = structlog.get_logger()


class Mixer:
    """Moves what waits. Several may run: what one has taken, another doesn't find."""

    def __init__(self, store: EventStore, seals: Seals, instruments: Mapping[str, Instrument], clock: Clock) -> None:
        self._store = store
        self._seals = seals
        self._instruments = instruments
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
        """Moves the answers that may be, and the comments that are enough to be mixed or whose survey is over; forgets what
        can't become either. Cells are filled when a mix brings a survey nothing new: who answer together are told together,
        and nobody is left over."""
        rows = waiting.answers(self._store)
        self._record(self.moved_answers(rows))
        for survey in cells.surveys_waiting(self._store, [row["survey"] for row in rows]):
            self._record(self._told(survey, (), fill=True))
        self._record(self.moved_comments(waiting.comments_to_move(self._store, self._clock())))
        waiting.part_comments(self._store)
        cells.forget(self._store, self._clock())
        tokens.forget_old_draws(self._store, coarse(self._clock()))

    def moved_answers(self, rows: Sequence[DictRow], fill: bool = False) -> Decision[None]:
        """The events that waiting answers become, shuffled; their sheets wait for their cells, or `fill` them at once."""
        if not rows:
            return Decision(None)
        moved = [(row["survey"], self._seals.sheet_of(row["survey"], bytes(row["sheet"]))) for row in shuffled(rows)]
        known = surveys.surveys(self._store, list({survey for survey, _ in moved}))
        told = [
            self._told(survey, [sheet for of, sheet in moved if of == survey.id], fill)
            for survey in known.values()
            if survey.has_cells
        ]
        events = [self._submitted(survey, sheet) for survey, sheet in moved]
        taken = (waiting.take_answers([row["id"] for row in rows]), cells.put_mixed(list(known)), waiting.rewrite_comments)
        return Decision(
            None,
            [*events, *(event for decision in told for event in decision.events)],
            [*taken, *(write for decision in told for write in decision.writes)],
        )

    def moved_comments(self, rows: Sequence[DictRow]) -> Decision[None]:
        if not rows:
            return Decision(None)
        events = [self._left(row["survey"], uuid4(), bytes(row["text"])) for row in shuffled(rows)]
        writes: list[Write] = [waiting.take_comments([row["id"] for row in rows])]
        writes += [waiting.put_comment(event.originator_id, event.survey, event.text) for event in events]
        return Decision(None, events, writes)

    def _left(self, survey: UUID, comment: UUID, waiting: bytes) -> CommentLeft:
        text = self._seals.moved_comment(survey, comment, waiting)
        return CommentLeft(originator_id=comment, originator_version=1, at=coarse(self._clock()), survey=survey, text=text)

    def of_survey(self, survey: Survey) -> Decision[None]:
        """All answers to one survey that may be moved, and its cells, to be told with what ends it."""
        if rows := waiting.answers(self._store, survey.id):
            return self.moved_answers(rows, fill=True)
        return self._told(survey, (), fill=True) if survey.has_cells else Decision(None)

    def _submitted(self, survey: UUID, sheet: Sheet) -> AnswerSubmitted:
        at = coarse(self._clock())
        return AnswerSubmitted(originator_id=uuid4(), originator_version=1, at=at, survey=survey, scores=sheet.scores)

    def _told(self, survey: Survey, sheets: Sequence[Sheet], fill: bool) -> Decision[None]:
        """New sheets and those that wait for their cells, told by team where they are enough and `fill` says so; the others
        wait on, all sealed anew."""
        rows = cells.waiting_for(self._store, survey.id)
        waited = [self._seals.sheet_of(survey.id, bytes(row["sheet"])) for row in rows]
        enough, left = ripe([*waited, *sheets], survey.min_scores) if fill else ({}, [*waited, *sheets])
        sealed = [self._seals.sheet(survey.id, sheet) for sheet in shuffled(left)]
        events = [self._filled(survey, team, enough[team]) for team in shuffled(list(enough))]
        return Decision(None, events, (cells.put_waiting(survey.id, [row["id"] for row in rows], sealed),))

    def _filled(self, survey: Survey, team: str, sheets: Sequence[Sheet]) -> CellFilled:
        figures = tally_of(self._instruments[survey.instrument], [sheet.scores for sheet in sheets])
        n, at = figures.pop(N), coarse(self._clock())
        return CellFilled(
            originator_id=uuid4(), originator_version=1, at=at, survey=survey.id, team=team, n=n, figures=dict(figures)
        )

    def _record(self, decision: Decision[None]) -> None:
        if decision.events:
            self._store.record(decision.events, decision.writes)


def shuffled(these: Sequence[T]) -> list[T]:
    return random.SystemRandom().sample(these, len(these))
