"""A pack made ready for reading: its phrases as a tree of words, its marks as sets."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from services.checkins.domain.language.packs import Marks, Pack, listed, shipped
from services.checkins.domain.language.spelling import APOSTROPHES, Speller, folded

LEAF = ""
ANY = "*"

_BESIDE_A_WORD = APOSTROPHES + "*@$\u0300-\u036f\u200b-\u200d\u2060\u00ad"
WORD = rf"[^\W_]![^\W_]+|[^\W_]+(?:[{_BESIDE_A_WORD}]+[^\W_]+)*[\u0300-\u036f]*"
"""No part can match what the next begins with: a hostile text costs no more than another of its length."""


class Kind(StrEnum):
    SAFETY = "safety"
    REQUEST = "request"
    SIGN = "sign"
    OTHERS = "others"
    VALENCE = "valence"
    EMOJI = "emoji"
    IDIOM = "idiom"
    PAST = "past"
    OVERCOME = "overcome"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a phrase counts. `turned`: it has a negator of its own; `own`: it names its writer."""

    kind: Kind
    category: str
    rule: str
    weight: float
    alone: bool = False
    turned: bool = False
    own: bool = False


Tree = dict[str, Any]
"""By word; under LEAF an Entry."""


class Lexicon:
    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.language = pack.language
        self.marks = {name: frozenset(_words(getattr(pack.marks, name))) for name in Marks.__struct_fields__}
        self.function_words = self.marks["function_words"] | set(listed(pack.marks.function_words))
        self.pairs = {
            tuple(folded(two).split()): tuple(folded(one).split()) for two, one in pack.spellings.items() if " " in two
        }
        self.dropped = self.marks["fillers"] | self.marks["intensifiers"] | self.marks["hedges"]
        self.phrases = [phrase for phrase, _ in _entries(pack)]
        vocabulary = {folded(word) for phrase in self.phrases for word in re.findall(WORD, phrase)}.union(*self.marks.values())
        self.speller = Speller(
            vocabulary, pack.spellings, pack.endings, sorted(self.marks["censored"]), self.marks["not_misspelt"]
        )
        self.emoji = {sign: entry for sign, entry in _signs(pack)}
        self.leanings = {word: rule.weight for rule in pack.leanings.values() for word in _words(rule.phrases)}
        self.pattern = _pattern(self.emoji)
        entries = _entries(pack)
        self.tree: Tree = {}
        self._plant(self.tree, entries)
        self.safety_tree: Tree = {}
        shown = Entry(Kind.SAFETY, "crisis_lines", "crisis_lines", 0)
        safety = [(phrase, entry) for phrase, entry in entries if entry.kind is Kind.SAFETY]
        self._plant(self.safety_tree, safety + [(phrase, shown) for phrase in listed(pack.crisis_lines)])
        self.vocabulary = vocabulary | {folded(word) for word in pack.spellings}

    def canonical(self, phrase: str) -> tuple[tuple[str, ...], bool]:
        """The words of a phrase as they are looked for, and whether some were dropped."""
        words: list[str] = []
        for part in phrase.split():
            written = [ANY] if part == ANY else re.findall(WORD, part)
            words += [one for word in written for one in ((ANY,) if word == ANY else self.speller.read(word)[0])]
        words = self.joined(words)
        kept = tuple(word for word in words if word not in self.dropped)
        return kept, len(kept) < len(words)

    def joined(self, words: list[str]) -> list[str]:
        """With pairs of words that stand for another written out."""
        out: list[str] = []
        for word in words:
            if out and (pair := self.pairs.get((out[-1], word))) is not None:
                out[-1:] = pair
            else:
                out.append(word)
        return out

    def _plant(self, tree: Tree, entries: list[tuple[str, Entry]]) -> None:
        """Of two that are the same the first counts; one that is so only without its dropped words gives way."""
        shortened: list[tuple[tuple[str, ...], Entry]] = []
        for phrase, entry in entries:
            words, dropped = self.canonical(phrase)
            if dropped and (len(words) == 1 or (entry.kind is Kind.IDIOM and self._is_weakened(phrase))):
                continue  # "so low" is not "low", nor "damn it" any "it", nor "call me maybe" any "call me"
            if dropped:
                shortened.append((words, entry))
            else:
                self._plant_one(tree, words, entry)
        for words, entry in shortened:
            self._plant_one(tree, words, entry)

    def _is_weakened(self, phrase: str) -> bool:
        return not (self.marks["intensifiers"] | self.marks["hedges"]).isdisjoint(folded(phrase).split())

    def _plant_one(self, tree: Tree, words: tuple[str, ...], entry: Entry) -> None:
        if not words or words[0] == ANY:
            return
        node = tree
        for word in words:
            node = node.setdefault(word, {})
        turned = not self.marks["negators"].isdisjoint(words)
        own = not self.marks["first_person"].isdisjoint(words)
        node.setdefault(LEAF, Entry(entry.kind, entry.category, entry.rule, entry.weight, entry.alone, turned=turned, own=own))


def _words(phrases: str) -> list[str]:
    return [folded(phrase) for phrase in listed(phrases)]


def _entries(pack: Pack) -> list[tuple[str, Entry]]:
    """In the order in which they give way: what stands earlier counts."""
    found = [(phrase, Entry(Kind.IDIOM, "idiom", "idiom", 0)) for phrase in listed(pack.idioms)]
    found += [(phrase, Entry(Kind.OVERCOME, "overcome", "overcome", -1.2)) for phrase in listed(pack.marks.overcome)]
    found += [(phrase, Entry(Kind.PAST, "past", "past", 0)) for phrase in listed(pack.marks.past)]
    for category, one in pack.categories.items():
        for name, rule in one.rules.items():
            entry = Entry(Kind(one.kind), category, f"{pack.language}-{name}", rule.weight, rule.alone)
            found += [(phrase, entry) for phrase in listed(rule.phrases)]
    for name, rule in pack.valence.items():
        entry = Entry(Kind.VALENCE, "valence", f"{pack.language}-{name}", rule.weight, rule.alone)
        found += [(phrase, entry) for phrase in listed(rule.phrases)]
    return found


def _signs(pack: Pack) -> list[tuple[str, Entry]]:
    return [
        (sign, Entry(Kind.EMOJI, "valence", f"{pack.language}-{name}", rule.weight))
        for name, rule in pack.emoji.items()
        for sign in listed(rule.phrases)
    ]


def _pattern(signs: dict[str, Entry]) -> re.Pattern[str]:
    single = "".join(re.escape(sign) for sign in signs if len(sign) == 1)
    drawn = "|".join(re.escape(sign) for sign in sorted(signs, key=len, reverse=True) if len(sign) > 1)
    marks = r"(?P<end>[.!?\u2026;\n]+)|(?P<comma>[,:()\u2013\u2014])"
    return re.compile(rf"(?P<word>{WORD})|(?P<sign>[{single}]|(?<!\w)(?:{drawn}))|{marks}")


@cache
def lexicons() -> tuple[Lexicon, ...]:
    return tuple(Lexicon(pack) for pack in shipped())
