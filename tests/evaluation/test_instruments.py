from __future__ import annotations

import itertools

import pytest

from services.evaluation.__main__ import all_instruments
from services.evaluation.domain import Instrument, read_instrument, tally_of
from services.evaluation.domain.results import figures, nothing, overall

PHQ_4 = all_instruments()["phq-4"]


def sheet(*scores: int) -> dict[str, int]:
    return {f"item_{number}": score for number, score in enumerate(scores, 1)}


@pytest.mark.parametrize(
    ("total", "band"),
    [(0, "normal"), (2, "normal"), (3, "mild"), (5, "mild"), (6, "moderate"), (8, "moderate"), (9, "severe"), (12, "severe")],
)
def test_phq_4_has_the_bands_of_kroenke_2009(total: int, band: str) -> None:
    assert PHQ_4.band_of(total) == band


def test_phq_4_sums_anxiety_from_its_first_two_items_and_depression_from_its_last() -> None:
    assert PHQ_4.sums(sheet(1, 2, 3, 0)) == {"total": 6, "anxiety": 3, "depression": 3}


def test_an_instrument_says_where_it_comes_from_and_who_may_use_it() -> None:
    assert "10.1176/appi.psy.50.6.613" in PHQ_4.source
    assert "No permission required" in PHQ_4.licence


def test_every_complete_sheet_is_right_and_has_a_band() -> None:
    for scores in itertools.product(range(4), repeat=4):
        assert PHQ_4.wrong_answers(sheet(*scores)) == []
        assert PHQ_4.band_of(PHQ_4.sums(sheet(*scores))["total"])


def test_a_missing_a_strange_and_a_too_high_answer_are_each_told() -> None:
    wrong = PHQ_4.wrong_answers({"item_1": 4, "item_2": 0, "item_3": 0, "my cat": 1})
    assert [item for item, _ in wrong] == ["item_4", "item_1", ""]
    assert not any("cat" in why for _, why in wrong), "what somebody sent is not repeated"


def test_bands_with_a_gap_are_refused() -> None:
    with pytest.raises(ValueError, match="must cover 0 to 3"):
        read_instrument(SMALL.replace("highest = 1", "highest = 0"))


def test_a_subscale_of_strange_items_is_refused() -> None:
    with pytest.raises(ValueError, match="isn't there"):
        read_instrument(SMALL + 'subscales = [{ name = "s", items = ["b"], cut_off = 1 }]')


def test_a_cell_shows_n_mean_bands_and_shares() -> None:
    shown = figures(PHQ_4, tally_of(PHQ_4, [*[sheet(0, 0, 0, 0)] * 3, sheet(1, 1, 2, 2), sheet(3, 3, 3, 3)]))
    assert (shown["n"], shown["mean"]) == (5, 3.6)
    assert shown["bands"] == {"normal": 3, "mild": 0, "moderate": 1, "severe": 1}
    assert shown["subscales"]["anxiety"] == {"mean": 1.6, "cut_off": 3, "positive": 1, "share": 0.2}
    assert shown["subscales"]["depression"]["share"] == 0.4


def test_under_the_floor_nothing_is_shown_not_even_how_many() -> None:
    hidden = overall(PHQ_4, {"n": 4, "total": 4}, 5)
    assert hidden == nothing("fewer than 5 answers")
    assert {hidden[name] for name in ("n", "mean", "bands", "subscales")} == {None}


SMALL = """
id = "small"
title = ""
source = ""
licence = ""
question = ""
items = [{ id = "a", text = "" }]
options = [{ score = 0, text = "" }, { score = 3, text = "" }]
bands = [{ name = "low", lowest = 0, highest = 1 }, { name = "high", lowest = 2, highest = 3 }]
"""


def test_an_instrument_is_data() -> None:
    assert isinstance(read_instrument(SMALL), Instrument)
