"""A language's pack: which words say how somebody is, as data. It is read as strictly as the rules of detection are.

Phrases stand in one text, separated by commas. Nothing has a default but `alone`: a pack is complete.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from shared.strict_yaml import WrongYaml, decode

FOLDER = Path(__file__).parent

Weight = Annotated[int, Meta(ge=-20, le=20)] | Annotated[float, Meta(ge=-20, le=20)]
"""Points: above 0 distress, below 0 wellbeing."""

Name = Annotated[str, Meta(pattern=r"^[a-z_]{1,20}$")]
Points = Annotated[int, Meta(gt=0, le=20)] | Annotated[float, Meta(gt=0, le=20)]


class WrongPack(ValueError):
    """Says what is wrong in a pack, and where."""


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """`alone`: it counts only where a sentence has nothing else."""

    weight: Weight
    phrases: str
    alone: bool = False


class Category(Struct, frozen=True, forbid_unknown_fields=True):
    """`kind` is how context is read: `safety` above all else, `others` also where somebody else is the subject."""

    source: str
    kind: Literal["safety", "request", "sign", "others"]
    rules: dict[Name, Rule]


class Marks(Struct, frozen=True, forbid_unknown_fields=True):
    """Words that change what others count, or tell the language."""

    function_words: str
    fillers: str
    intensifiers: str
    hedges: str
    negators: str
    past: str
    weak_past: str
    overcome: str
    now: str
    first_person: str
    third_person: str
    theirs: str
    felt: str
    prepositions: str
    breaks: str
    things: str
    laughter: str
    censored: str
    not_misspelt: str


class Thresholds(Struct, frozen=True, forbid_unknown_fields=True):
    """From so many points on it is this tier."""

    yellow: Points
    orange: Points
    red: Points

    def __post_init__(self) -> None:
        if not self.yellow < self.orange < self.red:
            raise ValueError(f"yellow < orange < red must hold, here {self.yellow}, {self.orange}, {self.red}")


class Pack(Struct, frozen=True, forbid_unknown_fields=True):
    """`crisis_lines` are further phrases at which they are shown: at those of every `safety` category they are anyway."""

    version: Annotated[int, Meta(ge=1)]
    language: Annotated[str, Meta(pattern=r"^[a-z]{2}$")]
    marks: Marks
    endings: dict[str, str]
    spellings: dict[str, str]
    categories: dict[Name, Category]
    valence: dict[Name, Rule]
    leanings: dict[Name, Rule]
    idioms: str
    crisis_lines: str
    emoji: dict[Name, Rule]
    thresholds: Thresholds


def read_pack(text: bytes) -> Pack:
    """The pack in a YAML document. Raises WrongPack."""
    try:
        return decode(text, Pack)
    except WrongYaml as wrong:
        raise WrongPack(str(wrong)) from wrong


@cache
def shipped() -> tuple[Pack, ...]:
    """Today's packs: part of the release, like the code that they are read by. English first: it has the word where nothing
    tells the language, as in an emoji."""
    files = sorted(FOLDER.glob("*.yaml"), key=lambda file: (file.stem != "en", file.stem))
    return tuple(read_pack(file.read_bytes()) for file in files)


def listed(phrases: str) -> list[str]:
    return [phrase for part in phrases.split(",") if (phrase := part.strip())]


__all__ = ["Category", "Marks", "Pack", "Rule", "WrongPack", "listed", "read_pack", "shipped"]
