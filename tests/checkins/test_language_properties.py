from __future__ import annotations

import io
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.checkins.domain.language import analyse, has_safety_language
from services.checkins.domain.language.lines import answer, answer_all

WORDS = st.sampled_from(
    [
        "I",
        "you",
        "my",
        "not",
        "never",
        "no",
        "hopeless",
        "sad",
        "happy",
        "die",
        "to",
        "want",
        "feel",
        "so",
        "sooo tired",
        "can't",
        "cant",
        "kill myself",
        "but",
        "and",
        "printer",
        "coffee",
        "used to",
        "my sister",
        "help",
        "😭",
        "😂",
        "ü",
        "é",
        "ﬁ",
        ".",
        ",",
        "!",
        "?",
        "...",
        "k1ll",
        "su*cide",
        "ich bin",
        "nicht",
        "traurig",
    ]
)
TEXTS = st.text() | st.lists(WORDS, max_size=40).map(" ".join)

HOSTILE = {
    "apostrophes": "a" + "'" * 39_998 + "b",
    "points": "." * 39_999 + "x",
    "one word": "a" * 40_000,
    "commas": "," * 40_000,
    "negators": "not " * 10_000,
    "phrases begun": "i want to " * 4_000,
    "strengtheners": "so very " * 5_000,
    "unknown words": " ".join(f"wordsword{n}xyz" for n in range(2_500)),
    "stars": "s*" * 20_000,
    "marks": "e" + "\u0301" * 39_999,
    "invisible": "k\u200b" * 20_000,
    "signs": "\U0001f62d" * 40_000,
    "drawn out": "so" + "o" * 30 + " " + ("ti" + "r" * 30 + "ed ") * 1_100,
    "pairs": "any more " * 4_400,
}


@given(TEXTS)
def test_every_text_is_read_and_every_span_lies_in_it(text: str) -> None:
    found = analyse(text)
    assert found.tier in {"green", "yellow", "orange", "red"}
    assert all(0 <= match.span[0] < match.span[1] <= len(text) for match in found.matches)


@given(TEXTS)
def test_a_text_is_read_the_same_every_time(text: str) -> None:
    assert analyse(text) == analyse(text)


@given(st.sampled_from(["hopeless", "depressed", "suicidal", "lonely", "anxious", "furious", "exhausted", "ashamed"]))
def test_what_is_denied_or_is_somebody_elses_counts_less(word: str) -> None:
    assert analyse(f"I am not {word}").score < analyse(f"I am {word}").score
    assert analyse(f"My brother is {word}").score < analyse(f"I am {word}").score


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_of_forty_thousand_characters_takes_far_less_than_a_second(text: str) -> None:
    analyse("")
    begun = time.process_time()
    analyse(text[:40_000])
    has_safety_language(text[:40_000])
    assert time.process_time() - begun < 0.7


@given(st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"")), max_size=8))
def test_each_line_has_its_answer_in_order_whatever_it_is(lines: list[bytes]) -> None:
    good = json.dumps({"id": "last", "text": "I feel hopeless"}).encode()
    out = io.BytesIO()
    answer_all([*lines, good], out)
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(answers) == len(lines) + 1
    assert all("error" in one or "score" in one for one in answers)
    assert answers[-1]["id"] == "last"


@pytest.mark.parametrize(
    ("line", "known"),
    [
        (b"", None),
        (b"hello", None),
        (b"[" * 100_000, None),
        (b'"text"', None),
        (b'{"text": "no id"}', None),
        (b'{"id": true, "text": "a"}', None),
        (b'{"id": "a"}', "a"),
        (b'{"id": "a", "text": 3}', "a"),
        (b'{"id": 7, "text": "\\ud800"}', 7),
        (b'{"id": 7, "text": "\\u0000"}', 7),
        (b'{"id": "\xff", "text": "a"}', None),
    ],
)
def test_a_line_that_cant_be_read_says_why(line: bytes, known: object) -> None:
    told = json.loads(answer(line))
    assert told.keys() == {"id", "error"}
    assert told["id"] == known
