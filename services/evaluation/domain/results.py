"""From tallies to what is shown: means, bands and shares, and which cells must stay hidden."""

from collections.abc import Collection, Hashable, Mapping
from typing import Any, TypeVar

from services.evaluation.domain.instruments import BAND, POSITIVE, TOTAL, Instrument

Tally = Mapping[str, int]
"""How many sheets (N) and what their figures come to (`Instrument.figures`); tallies add up name by name."""

Cell = TypeVar("Cell", bound=Hashable)
N = "n"
SHOWN = ("n", "mean", "bands", "subscales")


def size_of(tally: Tally) -> int:
    return tally.get(N, 0)


def hidden_cells(sizes: Mapping[Cell, int], floor: int, left_over: int = 0) -> frozenset[Cell]:
    """The cells that mustn't be shown beside their total. `left_over` are the sheets in the total that are in no cell.

    Those under the floor; and, where all that is hidden or left over is fewer people than the floor (but not none), the
    smallest other cell too, for else the total less what is shown would be a group under the floor (complementary
    suppression; the rule of difference of TalentMap and Ennova: 0 or at least `floor`).
    """
    hidden = {cell for cell, size in sizes.items() if size < floor}
    shown = [cell for cell in sizes if cell not in hidden]
    if shown and 0 < left_over + sum(sizes[cell] for cell in hidden) < floor:
        hidden.add(min(shown, key=lambda cell: (sizes[cell], str(cell))))
    return frozenset(hidden)


def figures(instrument: Instrument, tally: Tally) -> dict[str, Any]:
    """What a cell that may be shown shows: n, the mean of totals, how many in each band, and each subscale."""
    n = size_of(tally)
    subscales = {
        scale.name: {
            "mean": tally[scale.name] / n,
            "cut_off": scale.cut_off,
            "positive": tally.get(POSITIVE + scale.name, 0),
            "share": tally.get(POSITIVE + scale.name, 0) / n,
        }
        for scale in instrument.subscales
    }
    bands = {band.name: tally.get(BAND + band.name, 0) for band in instrument.bands}
    return {"n": n, "mean": tally[TOTAL] / n, "bands": bands, "subscales": subscales, "suppressed": None}


def nothing(reason: str) -> dict[str, Any]:
    """What a hidden cell shows."""
    return {**dict.fromkeys(SHOWN), "suppressed": reason}


def overall(instrument: Instrument, tally: Tally, floor: int) -> dict[str, Any]:
    if size_of(tally) < floor:
        return nothing(f"fewer than {floor} answers")
    return figures(instrument, tally)


def by_team(
    instrument: Instrument, total: Tally, cells: Mapping[str, Tally], teams: Collection[str], floor: int
) -> list[dict[str, Any]]:
    """One item for each team, in order of name. What of the total is in no cell counts as hidden.

    All hidden cells give one and the same reason: which of them is small must not be told either.
    """
    every = {**{team: {} for team in teams}, **cells}
    sizes = {team: size_of(tally) for team, tally in every.items()}
    hidden = hidden_cells(sizes, floor, size_of(total) - sum(sizes.values()))
    reason = f"fewer than {floor} answers, here or in another team that could be derived"
    return [
        {"team": team, **(nothing(reason) if team in hidden else figures(instrument, every[team]))} for team in sorted(every)
    ]
