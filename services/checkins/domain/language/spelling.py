"""From a word as it was written to the words that it stands for: whatever its case, accents, apostrophes, letters drawn out,
digits for letters, stars for letters, or a slip in a long word."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

APOSTROPHES = "'\u2019\u2018\u02bc`\u00b4\uff07"
LONGEST_WORD = 40
"""Characters; what is longer isn't looked at closely."""

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_INVISIBLE = re.compile("[\u200b-\u200d\u2060\u00ad]")
_DRAWN_OUT = re.compile(r"(.)\1{2,}")
_LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "!": "i"})
_LETTERS = re.compile(r"[^\W_]+")
_PIECES = re.compile(rf"[^\W_]+(?:[{APOSTROPHES}][^\W_]{{1,2}}(?![^\W_]))?")
"""Words, with what a short form ends with ("can't", "I'm")."""

_STRANGE = re.compile(r"[0-9@$!*]")
_REMEMBERED = 50_000
_SHORTEST_MEANT = 8


def folded(word: str) -> str:
    """Lower case without accents; umlauts as two letters."""
    plain = word.lower()
    if plain.isascii():
        return plain
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", word)).casefold().translate(_UMLAUTS)
    return "".join(letter for letter in unicodedata.normalize("NFD", plain) if not unicodedata.combining(letter))


class Speller:
    """Remembers what it has seen, up to a limit; the answer depends on the word alone."""

    def __init__(
        self, vocabulary: Iterable[str], spellings: Mapping[str, str], endings: Mapping[str, str], censored: Iterable[str],
        not_misspelt: Iterable[str],
    ) -> None:  # fmt: skip
        self._spellings = {folded(word): tuple(folded(meant).split()) for word, meant in spellings.items() if " " not in word}
        self._known = frozenset(vocabulary) | self._spellings.keys()
        self._endings = {ending: tuple(folded(meant).split()) for ending, meant in endings.items()}
        self._censored = tuple(censored)
        self._meant = _one_letter_less(word for word in self._known if len(word) >= _SHORTEST_MEANT and word.isalpha())
        self._not_misspelt = frozenset(not_misspelt)
        self._seen: dict[str, tuple[tuple[str, ...], bool]] = {}

    def read(self, written: str) -> tuple[tuple[str, ...], bool]:
        """The words that it stands for, and whether it was drawn out ("sooo")."""
        found = self._seen.get(written)
        if found is None:
            found = self._read(folded(written)) if len(written) <= LONGEST_WORD else (self._parts(written), False)
            if len(self._seen) < _REMEMBERED and self._known.issuperset(found[0]):  # of who is named nothing is remembered
                self._seen[written] = found
        return found

    def _read(self, word: str) -> tuple[tuple[str, ...], bool]:
        for apostrophe in APOSTROPHES:
            word = word.replace(apostrophe, "'")
        if "'" in word:
            return self._with_apostrophe(word.strip("'")), False
        if word in self._known:
            return self._written_out(word), False
        if _DRAWN_OUT.search(word):
            return self._drawn_out(word), True
        return self._without_disguise(word), False

    def _with_apostrophe(self, word: str) -> tuple[str, ...]:
        whole = word.replace("'", "")
        if whole in self._spellings:
            return self._spellings[whole]
        before, _, ending = word.rpartition("'")
        if before and ending in self._endings:
            return (*self._read(before)[0], *self._endings[ending])
        return self._written_out(whole) if whole in self._known else self._parts(word)

    def _parts(self, word: str) -> tuple[str, ...]:
        """Words that are written together, with something between them that is part of none."""
        parts = _PIECES.findall(word)
        if parts == [word]:
            parts = _LETTERS.findall(word)
        if parts == [word]:
            return (word,)
        return tuple(each for part in parts for each in self.read(part)[0])

    def _written_out(self, word: str) -> tuple[str, ...]:
        return self._spellings.get(word, (word,))

    def _drawn_out(self, word: str) -> tuple[str, ...]:
        for kept in (r"\1\1", r"\1"):
            if (shorter := _DRAWN_OUT.sub(kept, word)) in self._known:
                return self._written_out(shorter)
        return self._without_disguise(_DRAWN_OUT.sub(r"\1", word))

    def _without_disguise(self, word: str) -> tuple[str, ...]:
        if not _STRANGE.search(word):
            return self._written_out(self._corrected(word))
        uncovered = next((one for one in self._guesses(word) if one in self._known), None)
        return self._written_out(uncovered) if uncovered else self._parts(word)

    def _guesses(self, word: str) -> Iterator[str]:
        if "*" in word:
            yield from (known for known in self._censored if _fits(word, known))
            yield word.replace("*", "")
        elif not word.isdigit():
            yield word.translate(_LEET)
            yield word.replace("1", "l").replace("!", "l").translate(_LEET)

    def _corrected(self, word: str) -> str:
        """One slip in a long word: a letter too few or too many, two that changed places, another vowel."""
        if len(word) < _SHORTEST_MEANT - 1 or word in self._not_misspelt or not word.isalpha():
            return word
        for less in (word, *(word[:n] + word[n + 1 :] for n in range(1, len(word)))):
            for meant in self._meant.get(less, ()):
                if meant[0] == word[0] and _is_slip(word, meant):
                    return meant
        return word


def _one_letter_less(words: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in sorted(words):
        for less in {word, *(word[:n] + word[n + 1 :] for n in range(1, len(word)))}:
            found.setdefault(less, []).append(word)
    return found


def _is_slip(word: str, meant: str) -> bool:
    if len(word) != len(meant):
        return not (len(word) > len(meant) and word[-1] == "s") and not (len(word) < len(meant) and meant[-1] == "s")
    differing = [n for n in range(len(word)) if word[n] != meant[n]]
    if len(differing) == 1:
        return word[differing[0]] in "aeiouy" and meant[differing[0]] in "aeiouy"
    return len(differing) == 2 and word[differing[0]] == meant[differing[1]] and word[differing[1]] == meant[differing[0]]


def _fits(word: str, known: str) -> bool:
    return len(word) == len(known) and all(a in ("*", b) for a, b in zip(word, known, strict=True))
