"""When crisis lines are shown: for all that they were ever shown for, and more."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.checkins.domain.language import has_safety_language

SHOWN_SINCE_THE_FIRST_RELEASE = (
    "kill myself", "killing myself", "end my life", "ending my life", "end it all", "take my own life", "want to die",
    "wanna die", "better off dead", "wish i was dead", "wish i were dead", "no reason to live", "not worth living",
    "can't go on", "cannot go on", "suicide", "suicidal", "hurt myself", "hurting myself", "harm myself", "self-harm",
    "self harm", "cut myself", "overdose",
)  # fmt: skip

FORMERLY = re.compile(r"\b(?:" + "|".join(re.escape(phrase) for phrase in SHOWN_SINCE_THE_FIRST_RELEASE) + r")\b")
AROUND = st.text(max_size=12) | st.sampled_from(
    ["", " ", "I don't ", " for a pizza", "'", "@", "*", "!", "x'", "x!", ". ", "\n", "so "]
)


def formerly(note: str) -> bool:
    plain = unicodedata.normalize("NFKC", note).lower().replace("\u2019", "'")
    return bool(FORMERLY.search(" ".join(plain.split())))


@pytest.mark.parametrize("phrase", SHOWN_SINCE_THE_FIRST_RELEASE)
def test_every_phrase_is_found_in_a_sentence(phrase: str) -> None:
    assert has_safety_language(f"Since Monday: {phrase}.")


@given(AROUND, st.sampled_from(SHOWN_SINCE_THE_FIRST_RELEASE), AROUND)
def test_whatever_brought_lines_before_brings_them_still(before: str, phrase: str, after: str) -> None:
    note = before + phrase + after
    assert has_safety_language(note) or not formerly(note)


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
        "k1ll myself",
        "I don't want to be here anymore",
        "Ich will nicht mehr leben",
    ],
)
def test_case_spacing_and_letter_forms_make_no_difference(note: str) -> None:
    assert has_safety_language(note)


@pytest.mark.parametrize(
    "note", ["", "   ", "A hard week, but the night shift helped.", "killing time", "\U0001f600", "so tired"]
)
def test_an_ordinary_note_shows_none(note: str) -> None:
    assert not has_safety_language(note)
