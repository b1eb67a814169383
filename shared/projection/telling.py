"""A replay as it is told: to who is at the machine, and over HTTP to ops, who learns nothing about anybody.

What a rebuilt view differs in tells of people where a part of history or of the members was asked for: up to a moment ago and
up to now differ in whom something happened to. What is told of these over HTTP is therefore coarse, or nothing.
"""

from collections.abc import Mapping
from typing import Any

from shared.projection.replays import State

STEP = 5
"""Of a part of history, keys are counted in steps of so many over HTTP: as the floor of surveys, and for the same reason."""

COUNTS = ("keys", "same", "different", "only_live", "only_built")
ABOUT_SOME = {"withheld": "what differs for chosen members is told by the command on the machine only"}
"""Two lists of members that differ in one would tell about that one, however many are in both."""


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """All of it, with some keys of what differs."""
    done, total, speed = row["done"], row["total"], row["events_per_second"]
    at_work = row["state"] in (State.QUEUED, State.BUILDING)
    return {
        **{name: row[name] for name in ("id", "view", "target", "state", "wish", "rate", "created_at", "ended_at", "result")},
        "percent": round(100 * done / total, 1) if total else (0.0 if at_work else 100.0),
        "events": done,
        "events_per_second": round(speed, 1),
        "eta_seconds": round((total - done) / speed, 1) if at_work and speed else None,
        "problem": row["problem"],
    }


def shown_over_http(row: Mapping[str, Any]) -> dict[str, Any]:
    """Totals over all keys, and no example; of a part of history counts in steps, of chosen members nothing."""
    told = shown(row)
    if row["result"]:
        told["result"] = _result(row["result"], row["asked"])
    return told


def _result(result: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    if asked.get("members"):
        return dict(ABOUT_SOME)
    if asked:
        return {name: _coarse(result[name]) for name in COUNTS if name in result}
    return {name: value for name, value in result.items() if name != "examples"}


def _coarse(count: int) -> str:
    return f"{count - count % STEP} or more" if count >= STEP else f"fewer than {STEP}"
