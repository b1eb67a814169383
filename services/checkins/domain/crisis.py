"""Crisis lines by country, each with the page where it was seen. Read once from a file: no database, no network."""

from functools import cache
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("crisis_lines.json")


class CrisisLine(msgspec.Struct, frozen=True):
    """`contact` is an instruction in English; `source` is the page where it was seen, None for an emergency number."""

    name: str
    contact: str
    source: str | None
    hours: str | None = None
    languages: tuple[str, ...] = ()


class CountryLines(msgspec.Struct, frozen=True):
    lines: tuple[CrisisLine, ...]
    emergency: str | None = None

    def all_lines(self) -> tuple[CrisisLine, ...]:
        if self.emergency is None:
            return self.lines
        return (CrisisLine("Emergency services", f"Call {self.emergency}", None), *self.lines)


class CrisisLines(msgspec.Struct, frozen=True):
    """`reviewed` is the day on which every number was last looked up in a copy of its source."""

    reviewed: str
    countries: dict[str, CountryLines]
    anywhere: tuple[CrisisLine, ...] = ()

    def lines_for(self, country: str | None) -> tuple[CrisisLine, ...]:
        """The country's emergency number and lines first, then those for anywhere; elsewhere the latter alone."""
        listed = self.countries.get(country or "")
        return (listed.all_lines() if listed else ()) + self.anywhere


@cache
def crisis_lines() -> CrisisLines:
    return msgspec.json.decode(FILE.read_bytes(), type=CrisisLines)
