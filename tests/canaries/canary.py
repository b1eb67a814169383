"""Words that nobody says, and how they would look wherever they leaked.

A word is a prefix that all of a run share and letters of its own: one search finds any of them. In the clear means: as it is
in any case, as UTF-16, as base64 at whatever place in a longer text, as hexadecimal digits (bytes in PostgreSQL's text),
percent- and \\u-escaped letter by letter. Letters alone need no other escape in URLs, JSON, HTML or SQL.
"""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Iterator
from dataclasses import dataclass, field

PREFIX_LETTERS = 9
OWN_LETTERS = 10


@dataclass
class Canaries:
    """`labels` says of each word where it was put."""

    prefix: str
    labels: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, seed: int) -> Canaries:
        return cls(_letters(random.Random(seed), PREFIX_LETTERS))

    def word(self, label: str) -> str:
        chance = random.Random(f"{self.prefix} {len(self.labels)}")
        word = self.prefix + _letters(chance, OWN_LETTERS)
        self.labels[word] = label
        return word

    def sentence(self, label: str) -> str:
        return f"Since {self.word(label)} I can’t sleep, naïve as it is"

    def found_in(self, data: bytes) -> Iterator[tuple[str, str]]:
        """Each word's label that stands there and in which form; `?` for a piece of one."""
        for form, (seen, prefix) in self._forms(data).items():
            if prefix in seen:
                named = [(label, form) for word, label in self.labels.items() if _as(form, word) in seen]
                yield from named or [("?", form)]

    def _forms(self, data: bytes) -> dict[str, tuple[bytes, bytes]]:
        lower = data.lower()
        folded = {"as it is", "UTF-16", "hexadecimal", "percent-escaped", "\\u-escaped"}
        return {form: (lower if form in folded else data, _as(form, self.prefix)) for form in FORMS}


def _as(form: str, word: str) -> bytes:
    raw = word.encode()
    match form:
        case "as it is":
            return raw
        case "UTF-16":
            return word.encode("utf-16-le")
        case "hexadecimal":
            return raw.hex().encode()
        case "percent-escaped":
            return "".join(f"%{byte:02x}" for byte in raw).encode()
        case "\\u-escaped":
            return "".join(f"\\u{byte:04x}" for byte in raw).encode()
    return _in_base64(raw, int(form[-1]))


FORMS = ("as it is", "UTF-16", "hexadecimal", "percent-escaped", "\\u-escaped", "base64 at 0", "base64 at 1", "base64 at 2")


def _in_base64(text: bytes, shift: int) -> bytes:
    """What of a text's base64 is the same wherever in a longer text it stands."""
    whole = base64.b64encode(b"\0" * shift + text + b"\0\0\0")
    return whole[(0, 2, 3)[shift] : (shift + len(text)) * 8 // 6]


def _letters(chance: random.Random, count: int) -> str:
    return "".join(chance.choices(string.ascii_lowercase, k=count))
