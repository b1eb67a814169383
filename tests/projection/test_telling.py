"""What ops is told of replays over HTTP tells nothing about anybody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.projection.telling import shown, shown_over_http

MEMBER = "0b0f1d9e-7a55-4b0e-9c3e-0d4f3a1c2b7a"
OTHERS = [f"0b0f1d9e-7a55-4b0e-9c3e-0000000000{n:02}" for n in range(9)]
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def replay(asked: dict[str, Any], different: int = 1) -> dict[str, Any]:
    """As it is kept: of so many members the time of the last alert differs."""
    examples = [{"key": MEMBER, "found_in": "both", "columns": ["last_alert_at"]}]
    counts = {"keys": 43, "same": 43 - different, "different": different, "only_live": 0, "only_built": 0}
    result = {**counts, "columns": {"last_alert_at": different}, "examples": examples}
    row = {"id": "r", "view": "members", "target": "dry-run", "state": "done", "wish": None, "rate": None, "asked": asked}
    return {**row, "created_at": NOW, "ended_at": NOW, "result": result, "done": 9, "total": 9, "events_per_second": 1.0,
            "problem": None}  # fmt: skip


def test_of_chosen_members_nothing_of_what_differs_is_told() -> None:
    for members in ([MEMBER], [MEMBER, *OTHERS]):
        asked = {"members": members, "to": "2026-03-02T00:00:00Z"}
        told = [shown_over_http(replay(asked, different))["result"] for different in (0, 1, 40)]
        assert told[0] == told[1] == told[2]
        assert set(told[0]) == {"withheld"}


@pytest.mark.parametrize("asked", [{"to": "2026-03-02T00:00:00Z"}, {"from": "checkins:7"}, {"types": ["ConsentChanged"]}])
def test_of_a_part_of_history_counts_are_told_in_steps_and_no_columns(asked: dict[str, Any]) -> None:
    few = shown_over_http(replay(asked, 1))["result"]
    assert few == shown_over_http(replay(asked, 0))["result"] | {"same": "40 or more"}
    assert (few["keys"], few["different"]) == ("40 or more", "fewer than 5")
    assert shown_over_http(replay(asked, 12))["result"]["different"] == "10 or more"


def test_of_everything_totals_are_told_and_nobodys_columns() -> None:
    told = shown_over_http(replay({}))["result"]
    assert told["columns"] == {"last_alert_at": 1}
    assert "examples" not in told
    assert (told["keys"], told["same"], told["different"]) == (43, 42, 1)


def test_the_command_tells_all_of_it() -> None:
    assert shown(replay({"members": [MEMBER]}))["result"]["examples"][0]["key"] == MEMBER


def test_what_has_not_come_to_a_result_has_none() -> None:
    assert shown_over_http(replay({"members": [MEMBER]}) | {"result": None})["result"] is None
