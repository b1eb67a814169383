"""How much distress a text expresses: a score that ranks, a tier, and what was found where.

The score of a sentence is what speaks of distress, the heaviest first and each further one counting less, minus what speaks
of wellbeing. The worst sentence leads a text, so that one desperate line is not lost among a thousand cheerful ones. What
isn't safety language is pressed below the red tier, however much of it there is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp

from services.checkins.domain.language.lexicon import Kind, Lexicon, lexicons
from services.checkins.domain.language.sentences import Sentence, sentences
from services.checkins.domain.language.weighing import Found, longest, weighed

FURTHER, FURTHER_JOY = 0.5, 0.5
JOY_AGAINST = 0.75
PRESSED_FROM, PRESSED_BY = 4.0, 3.2
LONGEST_LEANING = 0.7


@dataclass(frozen=True, slots=True)
class Match:
    category: str
    rule: str
    span: tuple[int, int]
    weight: float


@dataclass(frozen=True, slots=True)
class Analysis:
    """`language` is that of the pack by which it was read, `version` the pack's."""

    score: float
    tier: str
    matches: tuple[Match, ...]
    language: str
    version: int


def analyse(text: str) -> Analysis:
    """The same for the same text and packs, whatever was read before."""
    readings = [_read(text, lexicon) for lexicon in _languages_of(text)]
    return max(readings, key=lambda reading: abs(reading.score))


def has_safety_language(text: str) -> bool:
    """Whether any phrase of a `safety` category is in it, in whatever context: to show lines once too often costs a glance."""
    return any(_mentions(text, lexicon) for lexicon in lexicons())


def _mentions(text: str, lexicon: Lexicon) -> bool:
    words = [word for sentence in sentences(text, lexicon) for word in sentence.words]
    tree = lexicon.safety_tree
    return any(word in tree and longest(words, at, tree) is not None for at, word in enumerate(words))


def _languages_of(text: str) -> Sequence[Lexicon]:
    """The one whose function words it has; all of them where that is unclear."""
    if len(lexicons()) == 1:
        return lexicons()
    words = [word.lower() for word in text[:4_000].split()]
    counts = [sum(word in lexicon.marks["function_words"] for word in words) for lexicon in lexicons()]
    most = max(counts)
    if most == 0 or sorted(counts)[-2] * 2 > most:
        return lexicons()
    return [lexicons()[counts.index(most)]]


def _read(text: str, lexicon: Lexicon) -> Analysis:
    parts = [(sentence, weighed(sentence, lexicon)) for sentence in sentences(text, lexicon)]
    found = [one for _, all_found in parts for one in all_found]
    score = round(_score(parts, lexicon), 4)
    return Analysis(score, _tier(score, lexicon), _matches(found), lexicon.language, lexicon.pack.version)


def _matches(found: Iterable[Found]) -> tuple[Match, ...]:
    return tuple(
        Match(one.entry.category, one.entry.rule, (one.start, one.end), round(one.weight, 3))
        for one in found
        if one.entry.kind is not Kind.OVERCOME
    )


def _tier(score: float, lexicon: Lexicon) -> str:
    thresholds = lexicon.pack.thresholds
    if score >= thresholds.red:
        return "red"
    if score >= thresholds.orange:
        return "orange"
    return "yellow" if score >= thresholds.yellow else "green"


def _score(parts: Sequence[tuple[Sentence, list[Found]]], lexicon: Lexicon) -> float:
    safety = max((one.weight for _, found in parts for one in found if one.entry.kind is Kind.SAFETY), default=0.0)
    ordinary = _together([_of_sentence(sentence, found, lexicon) for sentence, found in parts])
    return max(_pressed(ordinary), safety + 0.1 * _pressed(ordinary)) if safety > 1 else _pressed(ordinary)


def _of_sentence(sentence: Sentence, found: Sequence[Found], lexicon: Lexicon) -> float:
    distress = _summed((one.weight for one in found if one.weight > 0), FURTHER)
    joy = _summed((-one.weight for one in found if one.weight < 0), FURTHER_JOY)
    return distress - joy * (JOY_AGAINST if distress else 1.0) + _leaning(sentence, lexicon)


def _summed(weights: Iterable[float], further: float) -> float:
    return sum(weight * further**place for place, weight in enumerate(sorted(weights, reverse=True)[:12]))


def _leaning(sentence: Sentence, lexicon: Lexicon) -> float:
    """A little for the words that people in distress use more of: I, never, nothing, everything. It decides between texts in
    which nothing else is found."""
    leaning = sum(lexicon.leanings.get(word, 0.0) for word in sentence.words) / (1 + 0.1 * len(sentence.words))
    return max(-LONGEST_LEANING, min(LONGEST_LEANING, leaning))


def _together(scores: Sequence[float]) -> float:
    if not scores:
        return 0.0
    lead = max(scores)
    others = sorted(scores, reverse=True)[1:]
    worse = sum(score for score in others if score > 0)
    better = -sum(score for score in others if score < 0)
    return lead + 1.5 * worse / (4 + worse) - 1.5 * better / (4 + better)


def _pressed(score: float) -> float:
    """Without a limit to what is added, a long sad text would pass for an emergency."""
    if score <= PRESSED_FROM:
        return score
    return PRESSED_FROM + PRESSED_BY * (1 - exp(-(score - PRESSED_FROM) / 5))
