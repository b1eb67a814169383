"""Kafka in: which members there are, and what the answers to each survey come to."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.evaluation.domain import Instrument
from services.evaluation.views import surveys
from services.evaluation.views.tallies import tallies_view
from shared.projection.reader import Changed, Changes
from shared.projection.view import Effect, View

READER = "evaluation-stream"


def views_of(instruments: Mapping[str, Instrument]) -> tuple[View[Any], ...]:
    return surveys.MEMBERS, tallies_view(instruments)


class EvaluationReader:
    name = READER

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self.views: Sequence[View[Any]] = views_of(instruments)

    def follow(self, effects: Sequence[Effect], changed: Changed) -> Changes:
        """Only erasures call for anything."""
        return Changes((), [surveys.forget_draws([effect.member for effect in effects])])
