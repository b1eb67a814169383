"""What the answers to each survey come to, all together and by team: all that results are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.evaluation.domain import Instrument, tally_of
from services.evaluation.domain.results import N, Tally
from shared.events import PublicEvent
from shared.events.evaluation import CellFilled, SurveyAnswered, SurveyEvent, SurveyOpened
from shared.projection.view import Effect, View
from shared.store.event_store import EventStore

ALL = ""


@dataclass(frozen=True)
class Tallies:
    """`cells` by team, and ALL."""

    instrument: str
    cells: Mapping[str, Tally] = field(default_factory=dict)

    def with_more(self, team: str, added: Tally) -> "Tallies":
        then = dict(self.cells.get(team, {}))
        for figure, value in added.items():
            then[figure] = then.get(figure, 0) + value
        return replace(self, cells={**self.cells, team: then})


class NotOpened(KeyError):
    """An answer to a survey that nobody has opened."""


def tallies_view(instruments: Mapping[str, Instrument]) -> View[Tallies]:
    """A sheet adds to the total, a cell to its team."""

    def fold(before: Tallies | None, event: PublicEvent) -> tuple[Tallies | None, Sequence[Effect]]:
        match event:
            case SurveyOpened():
                return before or Tallies(event.instrument), ()
            case SurveyAnswered():
                opened = _opened(before)
                return opened.with_more(ALL, tally_of(instruments[opened.instrument], [event.scores])), ()
            case CellFilled():
                return _opened(before).with_more(event.team, {**event.figures, N: event.n}), ()
        return before, ()

    return View(
        name="tallies",
        version=1,
        topic="evaluation.events",
        key={"survey": "uuid"},
        columns={"instrument": "text", "cells": "jsonb"},
        key_of=lambda event: (event.survey,) if isinstance(event, SurveyEvent) else None,
        fold=fold,
        to_row=lambda tallies: (tallies.instrument, Jsonb(tallies.cells)),
        from_row=lambda survey, instrument, cells: Tallies(instrument, cells),
    )


def _opened(tallies: Tallies | None) -> Tallies:
    if tallies is None:
        raise NotOpened
    return tallies


def tallies_of(store: EventStore, survey: UUID) -> tuple[Tally, dict[str, Tally]]:
    """The total, and each team's cell."""
    with store.transaction() as cursor:
        cursor.execute("SELECT cells FROM tallies WHERE survey = %s", (survey,))
        row: dict[str, Any] = cursor.fetchone() or {"cells": {}}
    cells: dict[str, Tally] = row["cells"]
    return cells.pop(ALL, {}), cells
