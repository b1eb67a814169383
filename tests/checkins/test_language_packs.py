from __future__ import annotations

import pytest

from services.checkins.domain.language import WrongPack, read_pack
from services.checkins.domain.language.lexicon import Lexicon, lexicons
from services.checkins.domain.language.packs import FOLDER, Pack, listed, shipped

ENGLISH = (FOLDER / "en.yaml").read_bytes()


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (b"version: 1\n", b"version: 1\nversion: 2\n", "twice"),
        (b"version: 1\n", b"version: &one 1\n", "anchor"),
        (b"version: 1\n", b"version: 0\n", "version"),
        (b"version: 1\n", b"", "version"),
        (b"version: 1\n", b"version: 1\nauthor: me\n", "author"),
        (b"weight: 9\n", b"weight: nine\n", "weight"),
        (b"kind: safety\n", b"kind: dangerous\n", "kind"),
        (b"  yellow: 1.6\n", b"  yellow: 16\n", "yellow < orange < red"),
        (b"language: en\n", b"language: [\n", "line"),
    ],
)
def test_a_pack_with_a_mistake_says_which(before: bytes, after: bytes, says: str) -> None:
    assert before in ENGLISH
    with pytest.raises(WrongPack, match=says):
        read_pack(ENGLISH.replace(before, after, 1))


@pytest.mark.parametrize("pack", shipped(), ids=lambda pack: pack.language)
def test_every_category_names_its_source(pack: Pack) -> None:
    for category in pack.categories.values():
        assert len(category.source) > 20


@pytest.mark.parametrize("lexicon", lexicons(), ids=lambda lexicon: lexicon.language)
def test_what_stands_for_another_word_is_one_word_or_two(lexicon: Lexicon) -> None:
    assert not [two for two in lexicon.pack.spellings if len(two.split()) > 2]


@pytest.mark.parametrize("lexicon", lexicons(), ids=lambda lexicon: lexicon.language)
def test_no_comma_is_missing_between_phrases(lexicon: Lexicon) -> None:
    assert not [phrase for phrase in lexicon.phrases if len(phrase.split()) > 9]


def test_english_has_many_words() -> None:
    pack = next(pack for pack in shipped() if pack.language == "en")
    rules = [rule for category in pack.categories.values() for rule in category.rules.values()]
    assert sum(len(listed(rule.phrases)) for rule in [*rules, *pack.valence.values()]) > 1_500
