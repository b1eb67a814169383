"""The checkout as the architecture tests see it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def services(root: Path = ROOT) -> list[str]:
    """Every folder under services/ that has Python in it."""
    return sorted(folder.name for folder in (root / "services").iterdir() if any(folder.rglob("*.py")))


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
