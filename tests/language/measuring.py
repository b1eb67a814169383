"""How well a score ranks, and how well categories are found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from services.checkins.domain.language import analyse
from tests.language.notes import Note

PUBLIC = (
    "mood_change", "behaviour_change", "performance_change", "appearance_change", "hopelessness", "guilt", "anger", "anxiety",
    "self_harm", "explicit_request", "loneliness", "exhaustion", "grief", "harassment",
)  # fmt: skip

KEYWORDS = (
    "sad", "depressed", "depression", "anxious", "anxiety", "panic", "stressed", "stress", "hopeless", "worthless", "lonely",
    "alone", "tired", "exhausted", "burnout", "overwhelmed", "angry", "guilty", "ashamed", "cry", "crying", "scared", "afraid",
    "worried", "suicide", "suicidal", "kill myself", "want to die", "self-harm", "hurt myself", "help", "hate", "can't cope",
    "no hope", "give up", "failure", "bullied", "grief", "miserable", "unhappy",
)  # fmt: skip
"""As somebody would write them down in five minutes."""


@dataclass(frozen=True)
class Category:
    """`recall`: of the notes that were written for it. `precision`: of those in which it was found; one that was written for
    another category and speaks of this one too counts against it, so it reads low. `calm`: in how many calm notes it was."""

    name: str
    notes: int
    precision: float
    recall: float
    calm: int


def auc(distress: Sequence[float], calm: Sequence[float]) -> float:
    """The chance that a note of distress is ranked above a calm one; a tie is half of it (Mann-Whitney)."""
    ranked = sorted([(score, True) for score in distress] + [(score, False) for score in calm])
    total, place = 0.0, 1
    for _, tied in groupby(ranked, key=lambda one: one[0]):
        group = list(tied)
        total += sum(is_distress for _, is_distress in group) * (place + (len(group) - 1) / 2)
        place += len(group)
    return (total - len(distress) * (len(distress) + 1) / 2) / (len(distress) * len(calm))


def ranking(notes: Sequence[Note], scores: Sequence[float]) -> float:
    scored = list(zip(notes, scores, strict=True))
    return auc([score for note, score in scored if note.is_distress], [score for note, score in scored if not note.is_distress])


def by_group(notes: Sequence[Note], scores: Sequence[float]) -> dict[str, float]:
    """Of each kind of calm note, how well distress is told from it."""
    scored = list(zip(notes, scores, strict=True))
    distress = [score for note, score in scored if note.is_distress]
    groups = dict.fromkeys(note.group for note in notes if not note.is_distress)
    return {
        group: auc(distress, [score for note, score in scored if note.group == group and not note.is_distress])
        for group in groups
    }


def ours(text: str) -> float:
    return analyse(text).score


def keywords(text: str) -> float:
    plain = text.lower().replace("\u2019", "'")
    return float(sum(word in plain for word in KEYWORDS))


def categories(notes: Sequence[Note]) -> list[Category]:
    seen = [(note, found(note.text)) for note in notes]
    return [_category(name, seen) for name in PUBLIC if any(note.group == name for note in notes)]


def found(text: str) -> set[str]:
    """The categories that would be told of a note."""
    return {finding.category for finding in analyse(text).findings()}


def _category(name: str, seen: Sequence[tuple[Note, set[str]]]) -> Category:
    written = [names for note, names in seen if note.group == name]
    there = [note for note, names in seen if name in names]
    right = sum(note.group == name for note in there)
    calm = sum(not note.is_distress for note in there)
    return Category(
        name, len(written), right / max(1, len(there)), sum(name in names for names in written) / len(written), calm
    )
