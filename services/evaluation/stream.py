"""Kafka in: which members there are, and what the answers to each survey come to."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.evaluation.domain import Instrument
from services.evaluation.views import surveys
from services.evaluation.views.tallies import tallies_view
from shared.clock import Clock, utc_now
from shared.projection import forgetting
from shared.projection.reader import Changed, Changes
from shared.projection.view import Effect, View
from shared.store import erasures
from shared.store.erasures import Erased

READER = "evaluation-stream"


def views_of(instruments: Mapping[str, Instrument]) -> tuple[View[Any], ...]:
    return surveys.MEMBERS, tallies_view(instruments)


class EvaluationReader:
    name = READER

    def __init__(self, instruments: Mapping[str, Instrument], clock: Clock = utc_now) -> None:
        self.views: Sequence[View[Any]] = views_of(instruments)
        self._clock = clock

    def follow(self, effects: Sequence[Effect], changed: Changed) -> Changes:
        """Only erasures call for anything."""
        return self.forget(effects)

    def forget(self, gone: Sequence[Erased]) -> Changes:
        members = [one.member for one in gone]
        dropped = (surveys.forget_draws(members), forgetting.forget(members, self.views))
        return Changes((), [erasures.put(gone, self._clock()), *dropped])
