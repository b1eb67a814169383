"""What a bench ends with: figures, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One measurement. `against` says what `ratio` compares it with: ours over the other's."""

    measure: str
    value: float
    unit: str
    against: str
    ratio: float


def figure(measure: str, value: float, unit: str, against: str, other: float) -> Figure:
    """With a ratio to `other`, both in numbers that a person reads."""
    return Figure(measure, round(value, 1), unit, against, round(value / other, 3))


def show(figures: Sequence[Figure], console: Console) -> None:
    table = Table("measure", "value", "unit", "against", "ratio")
    for one in figures:
        table.add_row(one.measure, f"{one.value:,}", one.unit, one.against, str(one.ratio))
    console.print(table)


def keep(figures: Sequence[Figure], out: Path) -> None:
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps([asdict(one) for one in figures], indent=2) + "\n")
