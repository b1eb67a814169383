"""A comparison of rules as JSON lines for a program and as tables for a person. Neither has whom an alert is about."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Column, Table

from services.alerts.application.what_if import Outcome, Pair, Raised, Totals, totals_of
from services.alerts.domain.tiers import needs_a_supporter
from shared.events.alerts import Tier

MOST_SHOWN = 50
"""Alerts in the table; --json gives every one."""

TIERS = tuple(tier for tier in Tier if needs_a_supporter(tier))
WORDS = {
    Outcome.ONLY_TODAY: "no longer raised",
    Outcome.ONLY_CHANGED: "newly raised",
    Outcome.TIER_CHANGED: "another tier",
}


@dataclass(frozen=True)
class Report:
    """`events` were folded; `left_out` were not: they can't be read, or come after such a one of the same member."""

    pairs: Sequence[Pair]
    events: int
    left_out: int

    def differing(self) -> list[Pair]:
        return [pair for pair in self.pairs if pair.outcome is not Outcome.SAME]


def json_lines(report: Report) -> Iterator[str]:
    """One line for each alert that differs, then one with the totals."""
    for pair in report.differing():
        before, after = _side("before", pair.before), _side("after", pair.after)
        yield _line({"alert": pair.alert, "outcome": pair.outcome, **before, **after})
    told = {"events": report.events, "left_out": report.left_out, **_totals(totals_of(report.pairs))}
    yield _line({"totals": told})


def show(report: Report, console: Console) -> None:
    """The alerts that differ, as many as fit, then the totals by tier."""
    differing = report.differing()
    if differing:
        console.print(_alerts(differing[:MOST_SHOWN]))
    if len(differing) > MOST_SHOWN:
        console.print(f"... and {len(differing) - MOST_SHOWN} more; --json lists every one.")
    console.print(_by_tier(totals_of(report.pairs)))
    console.print(f"{report.events} events folded by both rule sets; nothing was raised.")
    if report.left_out:
        console.print(f"{report.left_out} events were left out: unreadable, or after an unreadable one of the same member.")


def _side(name: str, raised: Raised | None) -> dict[str, Any]:
    signals = [{"detector": one.detector, "points": one.points} for one in raised.signals] if raised else []
    return {f"tier_{name}": raised.tier if raised else None, f"signals_{name}": signals}


def _totals(totals: Totals) -> dict[str, Any]:
    changes = [{"before": one, "after": other, "alerts": count} for (one, other), count in sorted(totals.tier_changed.items())]
    counts = {name: _counts(getattr(totals, name)) for name in ("today", "changed", "same", "only_today", "only_changed")}
    return {**counts, "tier_changed": changes}


def _counts(counts: Counter[Tier]) -> Mapping[str, int]:
    return {tier: counts[tier] for tier in TIERS}


def _line(value: Mapping[str, Any]) -> str:
    return msgspec.json.encode(value).decode()


def _alerts(pairs: Sequence[Pair]) -> Table:
    table = Table(Column("alert", no_wrap=True), "what", "today", "changed", title="Alerts that differ")
    for pair in pairs:
        table.add_row(str(pair.alert), WORDS[pair.outcome], _words(pair.before), _words(pair.after))
    return table


def _words(raised: Raised | None) -> str:
    if raised is None:
        return "-"
    signals = ", ".join(f"{one.detector} {one.points:g}" for one in raised.signals)
    return f"{raised.tier} ({signals})"


def _by_tier(totals: Totals) -> Table:
    columns = ("today", "changed", "as before", "no longer", "new", "to another tier", "from another")
    table = Table("tier", title="Alerts by tier")
    for column in columns:
        table.add_column(column, justify="right")
    for tier in TIERS:
        counts = (totals.today, totals.changed, totals.same, totals.only_today, totals.only_changed)
        left = sum(count for (one, _), count in totals.tier_changed.items() if one is tier)
        came = sum(count for (_, other), count in totals.tier_changed.items() if other is tier)
        table.add_row(tier, *(str(counter[tier]) for counter in counts), str(left), str(came))
    return table
