"""`make language`: how well distress is told from calm and each category found, in notes that nothing was tuned on.

    python -m tests.language [--valence FILE]

FILE holds lines `id<TAB>valence<TAB>text`, such as the tweets that VADER was published with: how well we follow their valence.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.layout import CHECKOUT
from tests.language.measuring import by_group, categories, keywords, ours, ranking
from tests.language.notes import GERMAN, HELD_APART, Note, notes

PLACE = CHECKOUT / ".tools" / "language"
UV = CHECKOUT / ".tools" / "uv" / "bin" / "uv"
LOCK = Path(__file__).with_name("baselines.lock")
VADER = Path(__file__).with_name("vader.py")
AT_LEAST = 0.95

console = Console()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.language", description=__doc__)
    parser.add_argument("--valence", type=Path)
    given = parser.parse_args()
    make_baselines()
    english, german = notes(HELD_APART), notes(GERMAN)
    reached = [_ranked("English", english), _ranked("German", german)]
    _found("English", english)
    _found("German", german)
    if given.valence:
        _followed(given.valence)
    return 0 if min(reached) >= AT_LEAST else 1


def _ranked(title: str, held: Sequence[Note]) -> float:
    """The AUC of ours; the table beside it has the others'."""
    texts = [note.text for note in held]
    scores = {"ours": [ours(text) for text in texts], "VADER": vader(texts), "keywords": [keywords(text) for text in texts]}
    table = Table("distress above ...", *scores, title=f"{title}: AUC over {len(held)} notes")
    table.add_row("all calm notes", *(f"{ranking(held, one):.3f}" for one in scores.values()))
    groups = {name: by_group(held, one) for name, one in scores.items()}
    for group in groups["ours"]:
        table.add_row(group, *(f"{groups[name][group]:.3f}" for name in scores))
    console.print(table)
    return ranking(held, scores["ours"])


def _found(title: str, held: Sequence[Note]) -> None:
    table = Table("category", "notes", "precision", "recall", "in calm notes", title=f"{title}: categories")
    for one in categories(held):
        table.add_row(one.name, str(one.notes), f"{one.precision:.2f}", f"{one.recall:.2f}", str(one.calm))
    console.print(table)


def _followed(file: Path) -> None:
    rows = [line.split("\t", 2) for line in file.read_text(errors="replace").splitlines() if line.count("\t") >= 2]
    held = [Note(text, "tweets", float(valence) < 0) for _, valence, text in rows]
    texts = [note.text for note in held]
    for name, scores in (("ours", [ours(text) for text in texts]), ("VADER", vader(texts))):
        console.print(f"{file.name}: {len(held)} texts, AUC of negative against the rest, {name}: {ranking(held, scores):.3f}")


def vader(texts: Sequence[str]) -> list[float]:
    done = subprocess.run(
        [PLACE / "bin" / "python", VADER], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    scores: list[float] = json.loads(done.stdout)
    return scores


def make_baselines() -> None:
    """Their environment, from hashes, where it isn't as the lock says."""
    installed = PLACE / "installed.lock"
    if installed.exists() and installed.read_bytes() == LOCK.read_bytes():
        return
    python = str(PLACE / "bin" / "python")
    for arguments in (
        ("venv", "--quiet", "--clear", "--no-project", "--python", sys.executable, str(PLACE)),
        ("pip", "sync", "--quiet", "--require-hashes", "--python", python, str(LOCK)),
    ):
        subprocess.run([str(UV), *arguments], check=True, cwd=CHECKOUT)
    installed.write_bytes(LOCK.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
