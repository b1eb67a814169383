"""The notes that are measured by, and by which groups of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent
HELD_APART, DEVELOPMENT, GERMAN = (FOLDER / f"{name}.yaml" for name in ("notes", "notes_development", "notes_german"))


@dataclass(frozen=True)
class Note:
    """`group` is the category that it was written for, or what kind of calm note it is."""

    text: str
    group: str
    is_distress: bool


def notes(file: Path) -> list[Note]:
    document = yaml.safe_load(file.read_bytes())
    return [
        Note(text, group, part == "distress")
        for part, groups in document.items()
        for group, texts in groups.items()
        for text in texts
    ]
