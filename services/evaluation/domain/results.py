"""From tallies to what is shown: sums, bands and shares, and which cells must stay hidden.

A tally is a count for each scale and sum; every figure is derived from it, so counting is all the stream has to do.
"""

from collections.abc import Collection, Hashable, Mapping
from typing import Any, TypeVar

from services.evaluation.domain.instruments import TOTAL, Instrument

Tally = Mapping[str, Mapping[int, int]]
"""For each scale, how many answer sheets have each sum."""

Cell = TypeVar("Cell", bound=Hashable)
FIGURES = ("n", "mean", "bands", "subscales")


def size_of(tally: Tally) -> int:
    return sum(tally.get(TOTAL, {}).values())


def hidden_cells(sizes: Mapping[Cell, int], floor: int, never: Collection[Cell] = ()) -> frozenset[Cell]:
    """The cells that mustn't be shown beside their own total.

    Those under the floor and those that are `never` shown; and, where all hidden cells together are still fewer people than
    the floor (but not none), the smallest other cell too, for else the total less what is shown would be a group under the
    floor (complementary suppression; the rule of difference of TalentMap and Ennova: 0 or at least `floor`).
    """
    hidden = {cell for cell, size in sizes.items() if size < floor or cell in never}
    shown = [cell for cell in sizes if cell not in hidden]
    if shown and 0 < sum(sizes[cell] for cell in hidden) < floor:
        hidden.add(min(shown, key=lambda cell: (sizes[cell], str(cell))))
    return frozenset(hidden)


def figures(instrument: Instrument, tally: Tally) -> dict[str, Any]:
    """What a cell that may be shown shows: n, the mean of totals, how many in each band, and each subscale."""
    totals = tally[TOTAL]
    bands = {band.name: 0 for band in instrument.bands}
    for total, count in totals.items():
        bands[instrument.band_of(total)] += count
    subscales = {scale.name: _subscale(tally[scale.name], scale.cut_off) for scale in instrument.subscales}
    return {"n": size_of(tally), "mean": _mean(totals), "bands": bands, "subscales": subscales, "suppressed": None}


def nothing(reason: str) -> dict[str, Any]:
    """What a hidden cell shows."""
    return {**dict.fromkeys(FIGURES), "suppressed": reason}


def overall(instrument: Instrument, tally: Tally, floor: int) -> dict[str, Any]:
    if size_of(tally) < floor:
        return nothing(f"fewer than {floor} answers")
    return figures(instrument, tally)


def by_team(
    instrument: Instrument, tallies: Mapping[str | None, Tally], teams: frozenset[str], floor: int
) -> list[dict[str, Any]]:
    """One item for each team, in order of name. Answers of no team (None) are in the total only, so hidden here.

    All hidden cells give one and the same reason: which of them is small must not be told either.
    """
    cells: dict[str | None, Tally] = {**{team: {} for team in teams}, **tallies}
    hidden = hidden_cells({cell: size_of(tally) for cell, tally in cells.items()}, floor, never=[None])
    reason = f"fewer than {floor} answers, here or in another team that could be derived"
    return [
        {"team": team, **(nothing(reason) if team in hidden else figures(instrument, cells[team]))}
        for team in sorted(cell for cell in cells if cell is not None)
    ]


def _mean(sums: Mapping[int, int]) -> float:
    return sum(value * count for value, count in sums.items()) / sum(sums.values())


def _subscale(sums: Mapping[int, int], cut_off: int) -> dict[str, Any]:
    positive = sum(count for value, count in sums.items() if value >= cut_off)
    return {"mean": _mean(sums), "cut_off": cut_off, "positive": positive, "share": positive / sum(sums.values())}
