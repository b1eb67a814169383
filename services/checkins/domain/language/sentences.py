"""A text as sentences of plain words, each with its place in the text as it was given."""

import re
from dataclasses import dataclass, field

from services.checkins.domain.language.lexicon import Entry, Lexicon

STRONGER, WEAKER, LOUDER, DRAWN_OUT = 1.25, 0.6, 1.15, 1.15


@dataclass(slots=True)
class Sentence:
    """Lists side by side, one place for each word: the word, where it begins and ends, what strengthens or weakens it, and the
    clause that it is in. `signs` are the emoji among them."""

    words: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    boosts: list[float] = field(default_factory=list)
    clauses: list[int] = field(default_factory=list)
    signs: list[tuple[int, int, str, Entry]] = field(default_factory=list)
    clause: int = 0
    boost: float = 1.0

    def add(self, word: str, start: int, end: int, boost: float, lexicon: Lexicon) -> None:
        """Words that only strengthen, weaken or fill up become part of the next."""
        if self.words and (pair := lexicon.pairs.get((self.words[-1], word))) is not None:
            start = self._taken_back()
            for one in pair:
                self.add(one, start, end, boost, lexicon)
            return
        if word in lexicon.dropped:
            self.boost *= STRONGER if word in lexicon.marks["intensifiers"] else 1.0
            self.boost *= WEAKER if word in lexicon.marks["hedges"] else 1.0
            return
        if word in lexicon.marks["breaks"]:
            self.clause += 1
        self.words.append(word)
        self.starts.append(start)
        self.ends.append(end)
        self.boosts.append(boost * min(self.boost, 2.0))
        self.clauses.append(self.clause)
        self.boost = 1.0

    def _taken_back(self) -> int:
        self.words.pop()
        self.ends.pop()
        self.clauses.pop()
        self.boost = self.boosts.pop()
        return self.starts.pop()

    def __bool__(self) -> bool:
        return bool(self.words or self.signs)


def sentences(text: str, lexicon: Lexicon) -> list[Sentence]:
    shouting = text.isupper()
    found = [Sentence()]
    for match in lexicon.pattern.finditer(text):
        current = found[-1]
        match match.lastgroup:
            case "word":
                _add_word(current, match, lexicon, shouting)
            case "sign":
                _add_sign(current, match, lexicon)
            case "comma":
                current.clause += 1
            case _:
                if _ends_here(text, match) and current:
                    found.append(Sentence())
    return [sentence for sentence in found if sentence]


def _add_word(current: Sentence, match: re.Match[str], lexicon: Lexicon, shouting: bool) -> None:
    written, start, end = match.group(), match.start(), match.end()
    words, drawn_out = lexicon.speller.read(written)
    boost = DRAWN_OUT if drawn_out else 1.0
    if not shouting and len(written) > 2 and written.isupper():
        boost *= LOUDER
    for word in words:
        current.add(word, start, end, boost, lexicon)


def _add_sign(current: Sentence, match: re.Match[str], lexicon: Lexicon) -> None:
    """The same one several times in a row is one."""
    sign, start = match.group(), match.start()
    if current.signs and current.signs[-1][1:3] == (start, sign):
        start = current.signs.pop()[0]
    current.signs.append((start, match.end(), sign, lexicon.emoji[sign]))


def _ends_here(text: str, match: re.Match[str]) -> bool:
    """A point between two letters ("sui.cide", "e.g.") ends nothing."""
    mark = match.group()
    after = text[match.end() : match.end() + 1]
    return mark != "." or not after.isalnum()
