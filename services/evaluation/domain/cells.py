"""Cells: what several sheets of one team come to together. No sheet is ever attributed to a team alone."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import msgspec

from services.evaluation.domain.instruments import Instrument
from services.evaluation.domain.results import N
from shared.store.events import PrivateEvent


class Sheet(msgspec.Struct, frozen=True):
    """One answer sheet and the team whose cell it waits for. It is never stored or sent but sealed."""

    team: str
    scores: dict[str, int]


class CellFilled(PrivateEvent, frozen=True, kw_only=True):
    """What `n` sheets of a team, at least the survey's floor, come to. `at` is a coarse hour."""

    survey: UUID
    team: str
    n: int
    figures: dict[str, int]


def tally_of(instrument: Instrument, sheets: Collection[Mapping[str, int]]) -> Counter[str]:
    """How many sheets these are, the sums of each scale, how many are in each band, and positive on each subscale."""
    tally: Counter[str] = Counter({N: len(sheets)})
    for scores in sheets:
        tally.update(instrument.figures(scores))
    return tally


def ripe(sheets: Sequence[Sheet], floor: int) -> tuple[dict[str, list[Sheet]], list[Sheet]]:
    """By team all that wait, where they are as many as the floor; and the sheets that wait on."""
    teams: dict[str, list[Sheet]] = defaultdict(list)
    for sheet in sheets:
        teams[sheet.team].append(sheet)
    enough = {team: some for team, some in teams.items() if len(some) >= floor}
    return enough, [sheet for sheet in sheets if sheet.team not in enough]
