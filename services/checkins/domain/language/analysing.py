"""How much distress a text expresses: a score that ranks, a tier, and what was found where.

The score of a sentence is what speaks of distress, the heaviest first and each further one counting less, minus what speaks
of wellbeing. The worst sentence leads a text, so that one desperate line is not lost among a thousand cheerful ones. What
isn't safety language is pressed below the red tier, however much of it there is.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp

from services.checkins.domain.language.lexicon import WORD, Kind, Lexicon, lexicons
from services.checkins.domain.language.sentences import Sentence, sentences
from services.checkins.domain.language.spelling import folded
from services.checkins.domain.language.weighing import Found, longest, weighed

FURTHER, FURTHER_JOY = 0.5, 0.5
JOY_AGAINST = 0.75
PRESSED_FROM, PRESSED_BY = 4.0, 3.2
LONGEST_LEANING = 0.7
WORTH_TELLING, HEAVIEST_TOLD = 1.0, 20.0
LETTERS = re.compile(r"[^\W_]+")
LOOKED_AT = 4_000
"""Characters that tell the language."""


@dataclass(frozen=True, slots=True)
class Match:
    category: str
    rule: str
    span: tuple[int, int]
    weight: float


@dataclass(frozen=True, slots=True)
class Finding:
    """What may be told of a note where the note may not: a category, the rule that found it, its pack's version, the weight."""

    category: str
    rule: str
    rules_version: int
    weight: float


@dataclass(frozen=True, slots=True)
class Analysis:
    """`language` is that of the pack by which it was read, `version` the pack's."""

    score: float
    tier: str
    matches: tuple[Match, ...]
    language: str
    version: int

    def findings(self) -> tuple[Finding, ...]:
        """Of each category its heaviest match, if that counts; the graded wording of every day isn't among them."""
        heaviest: dict[str, Match] = {}
        for match in self.matches:
            if match.category != Kind.VALENCE and match.weight >= max(WORTH_TELLING, _weight_of(heaviest, match)):
                heaviest[match.category] = match
        return tuple(
            Finding(match.category, match.rule, self.version, min(match.weight, HEAVIEST_TOLD))
            for match in sorted(heaviest.values(), key=lambda match: (-match.weight, match.category))
        )


def _weight_of(heaviest: dict[str, Match], match: Match) -> float:
    known = heaviest.get(match.category)
    return known.weight if known else 0.0


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
    """The one whose function words it has; where that is unclear the one that knows most of its words; or else all."""
    plain = LETTERS.findall(text[:LOOKED_AT].lower())
    functional = [sum(map(lexicon.function_words.__contains__, plain)) for lexicon in lexicons()]
    if max(functional) > 1 and (clear := _ahead(functional, 2)) is not None:
        return [lexicons()[clear]]
    words = [folded(word) for word in re.findall(WORD, text[:LOOKED_AT])]
    known = [sum(word in lexicon.vocabulary for word in words) for lexicon in lexicons()]
    return lexicons() if (most := _ahead(known, 1)) is None else [lexicons()[most]]


def _ahead(counts: list[int], times: int) -> int | None:
    """Which is more than so many times each other; None if none is."""
    most = max(counts)
    others = sorted(counts)[:-1]
    return counts.index(most) if all(most > times * other for other in others) else None


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
