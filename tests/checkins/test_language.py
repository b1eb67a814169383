from __future__ import annotations

import pytest

from services.checkins.domain.language import analyse, has_safety_language


def score(text: str) -> float:
    return analyse(text).score


def categories(text: str) -> set[str]:
    return {match.category for match in analyse(text).matches if match.weight > 0.5}


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ("I feel hopeless", "my sister felt hopeless"),
        ("I feel hopeless", "I'm not hopeless"),
        ("I feel hopeless", "I used to feel hopeless, much better now"),
        ("I'm depressed", "Ten years ago I was depressed"),
        ("I am utterly exhausted", "I am exhausted"),
        ("I feel down", "maybe a bit down"),
        ("I want to die", "I'd die for a pizza"),
        ("I feel awful", "the coffee is awful"),
        ("Such a lonely day", "Such an ordinary day"),
        ("It is raining", "What a lovely day"),
        ("SO TIRED of everything today", "tired today"),
        ("I'm scared \U0001f62d", "I'm scared"),
        ("I'm crying \U0001f622", "I'm crying \U0001f602"),
        ("I cry every night", "the printer makes me cry"),
        ("nobody ever answers me", "the team answers you"),
        ("I was sad, but now I want to die", "I was sad, but now I am fine"),
    ],
)
def test_the_one_says_more_distress_than_the_other(more: str, less: str) -> None:
    assert score(more) > score(less)


@pytest.mark.parametrize(
    "text",
    [
        "this traffic is killing me",
        "I'd die for a pizza",
        "deadline is murder",
        "I'm not hopeless",
        "I don't want to die",
        "my sister felt hopeless",
        "I used to feel hopeless, much better now",
        "the printer is broken again",
        "I'm dead \U0001f602",
        "hopeful and rested",
    ],
)
def test_what_only_sounds_like_distress_is_green(text: str) -> None:
    assert analyse(text).tier == "green"


@pytest.mark.parametrize(
    "text",
    ["I can't go on", "not okay", "there is no reason to live", "never happy any more", "I cannot sleep"],
)
def test_a_negator_that_belongs_to_distress_doesnt_turn_it_round(text: str) -> None:
    assert score(text) > 2


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("I feel hopless", "I feel hopeless"),
        ("depresed", "depressed"),
        ("so anxius", "so anxious"),
        ("suicdal", "suicidal"),
        ("k1ll myself", "kill myself"),
        ("k!ll myself", "kill myself"),
        ("su*cide", "suicide"),
        ("cant go on", "can't go on"),
        ("can\u2019t go on", "can't go on"),
        ("I CAN\u2019T GO ON", "I CAN'T GO ON"),
        ("wanna die", "want to die"),
        ("\uff48\uff4f\uff50\uff45\uff4c\uff45\uff53\uff53", "hopeless"),
        ("ho\u200bpeless", "hopeless"),
    ],
)
def test_however_it_is_written_it_counts_the_same(written: str, meant: str) -> None:
    assert score(written) == score(meant)


@pytest.mark.parametrize("text", ["sooo tired", "SOOOOO TIREDDDD"])
def test_letters_that_are_drawn_out_count_more(text: str) -> None:
    assert score(text) > score("tired")


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        ("I want to kill myself", "red"),
        ("I have the pills ready", "red"),
        ("k1ll myself", "red"),
        ("I cut myself last night", "red"),
        ("I wish I wouldn't wake up", "orange"),
        ("I don't want to be here anymore", "orange"),
        ("everyone would be better off if I was dead", "orange"),
        ("I feel sad", "yellow"),
        ("tired and sad today", "yellow"),
        ("so stressed", "yellow"),
        ("ok", "green"),
        ("", "green"),
    ],
)
def test_the_tier_follows_what_is_said(text: str, tier: str) -> None:
    assert analyse(text).tier == tier


def test_sad_words_alone_however_many_are_never_red() -> None:
    text = "I am hopeless, worthless, lonely, exhausted and in despair. " * 50
    assert analyse(text).tier == "orange"


def test_one_desperate_sentence_leads_forty_thousand_cheerful_characters() -> None:
    cheerful = "What a wonderful day, I love my team and the sun is out. " * 350
    assert score(cheerful) < -2
    assert analyse(cheerful + "I want to kill myself. " + cheerful).tier == "red"
    assert score(cheerful + "I feel hopeless and I can't go on. " + cheerful) > score("I feel a bit down")


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I've been crying all day", "mood_change"),
        ("I barely eat and I lie awake all night", "behaviour_change"),
        ("I can't concentrate on anything", "performance_change"),
        ("I haven't showered in days", "appearance_change"),
        ("there is no way out", "hopelessness"),
        ("it's all my fault", "guilt"),
        ("I'm furious", "anger"),
        ("I had a panic attack", "anxiety"),
        ("I've been cutting again", "self_harm"),
        ("please call me", "explicit_request"),
        ("I have no friends here", "loneliness"),
        ("completely burnt out", "exhaustion"),
        ("my dad died", "grief"),
        ("my boss humiliates me", "harassment"),
    ],
)
def test_a_phrase_is_found_as_what_it_is(text: str, category: str) -> None:
    assert category in categories(text)


def test_a_span_is_of_the_text_as_it_was_given() -> None:
    text = "\U0001f62d e\ufb03cient cafe\u0301: \uff29 feel ho\u200bpeless, wanna die"
    spans = {text[slice(*match.span)] for match in analyse(text).matches}
    assert {"\U0001f62d", "ho\u200bpeless", "wanna die"} <= spans


def test_the_lines_are_shown_in_whatever_context_the_words_stand() -> None:
    for text in (
        "I don't want to die",
        "she wrote about suicide",
        "Suicide Squad",
        "an overdose of cats",
    ):
        assert has_safety_language(text)
    assert not has_safety_language("killing time in traffic")


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        ("Ich will nicht mehr leben", "orange"),
        ("ich will mich umbringen", "red"),
        ("Ich bin traurig", "yellow"),
        ("Ich bin nicht traurig", "green"),
        ("meine Schwester war hoffnungslos", "green"),
        ("Der Verkehr bringt mich um", "green"),
        ("Ich fuehle mich so muede und leer", "yellow"),
    ],
)
def test_german_is_read_by_its_own_pack(text: str, tier: str) -> None:
    found = analyse(text)
    assert (found.language, found.tier) == ("de", tier)


def test_which_language_a_text_is_in_is_told_by_its_words() -> None:
    assert analyse("so tired").language == "en"
    assert analyse("hopeless").language == "en"
    assert analyse("hoffnungslos").language == "de"


def test_the_lines_are_shown_for_safety_language_of_any_pack() -> None:
    assert has_safety_language("hello, ich denke an Selbstmord, the weather is fine and the coffee is good")
