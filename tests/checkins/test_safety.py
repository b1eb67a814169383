from __future__ import annotations

import time

import pytest

from services.checkins.domain.safety import PHRASES, calls_for_crisis_lines


@pytest.mark.parametrize("phrase", PHRASES)
def test_every_phrase_is_found_in_a_sentence(phrase: str) -> None:
    assert calls_for_crisis_lines(f"Since Monday: {phrase}.")


@pytest.mark.parametrize(
    "note",
    [
        "I WANT TO DIE",
        "I  want\n\tto   die",
        "I can\u2019t go on like this",
        "\uff53\uff55\uff49\uff43\uff49\uff44\uff45",  # full-width letters
        "I want\u00a0to die",
        "i've thought about self-harm, again",
        "a" * 9_000 + " end it all " + "b" * 900,
    ],
)
def test_case_spacing_and_letter_forms_make_no_difference(note: str) -> None:
    assert calls_for_crisis_lines(note)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "   ",
        "A hard week, but the night shift helped.",
        "killing time",
        "suicidally is no word of the list's",
        "\U0001f600",
    ],
)
def test_an_ordinary_note_shows_none(note: str) -> None:
    assert not calls_for_crisis_lines(note)


def test_the_longest_note_costs_a_moment_only() -> None:
    start = time.perf_counter()
    calls_for_crisis_lines("kill my end my hurt my " * 435)
    assert time.perf_counter() - start < 0.1
