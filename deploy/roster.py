"""Which processes there are: a service is a folder with a `__main__.py`, its roles stand in this table."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from deploy.failure import CannotStart
from deploy.program import Program

ROLES: dict[str, tuple[str, ...]] = {
    "checkins": ("api", "relay"),
    "alerts": ("api", "stream", "replays", "relay", "webhooks"),
    "recognition": ("api", "stream", "replays", "relay"),
    "evaluation": ("api", "stream", "replays", "relay"),
    "support": ("api", "stream", "replays", "relay"),
}


def services(root: Path, wanted: Iterable[str] | None = None) -> tuple[str, ...]:
    """Those that exist, in the table's order; all of them unless some are named."""
    found = {file.parent.name for file in root.glob("services/*/__main__.py")}
    if strange := found - ROLES.keys():
        raise CannotStart(f"The roles of {', '.join(sorted(strange))} are not in deploy/roster.py: add them there.")
    chosen = found if wanted is None else set(wanted)
    if absent := chosen - found:
        raise CannotStart(f"There is no services/{sorted(absent)[0]}/__main__.py in {root}.")
    return tuple(name for name in ROLES if name in chosen)


def processes(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(service, role) for service in names for role in ROLES[service]]


def programs(names: Iterable[str]) -> list[Program]:
    return [
        Program(f"{service}-{role}", (sys.executable, "-m", f"services.{service}", role)) for service, role in processes(names)
    ]


def url_variable(service: str, role: str) -> str:
    return f"{service}_URL".upper() if role == "api" else f"{service}_{role}_URL".upper()
