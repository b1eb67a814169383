"""`detect` as a process of its own: lines in, a line for each out, nothing kept."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import services.alerts
from services.alerts.application.detect_command import detected
from services.alerts.views.members import SHIPPED

ROOT = Path(services.alerts.__file__).parents[2]
COMMAND = [sys.executable, "-m", "services.alerts", "detect"]


def line(number: int, **values: Any) -> bytes:
    day = {"id": f"c{number}", "member": "m1", "recorded_at": f"2026-03-{1 + number:02}T09:00:00Z", "mood": 4}
    return json.dumps(day | values).encode()


def of(*lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(found) for found in detected(lines, SHIPPED)]


def test_every_line_gets_one_in_order_and_a_bad_one_loses_nothing_else() -> None:
    bad = [b"nonsense", b'{"id": 7, "mood": 9}', line(3, mood="4"), b"[" * 100_000, b"", line(4, mood=0.5)]
    found = of(line(1), *bad, line(5))
    assert [(one["id"], "error" in one) for one in found] == [
        ("c1", False),
        (None, True),
        (7, True),
        ("c3", True),
        (None, True),
        ("c4", True),
        ("c5", False),
    ]
    assert [one["line"] for one in found if "error" in one] == [2, 3, 4, 5, 7]
    assert "mood" in found[3]["error"]


def test_a_line_says_points_tier_and_reasons() -> None:
    (found,) = of(line(1, mood=1, energy=1, stress=5))
    assert found.keys() == {"id", "member", "at", "points", "tier", "reasons"}
    assert (found["tier"], found["at"]) == ("orange", "2026-03-02T09:00:00Z")
    assert len(found["reasons"]) == 3


def test_points_rank_days_below_any_tier() -> None:
    good, bad = of(line(1, mood=4.5, energy=None), line(2, mood=2.5, energy=2))
    assert good["tier"] == bad["tier"] == "green"
    assert good["points"] < bad["points"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "6", "0", "true", '"3"', "null", "1e400"])
def test_a_mood_off_the_scale_is_an_error(value: str) -> None:
    (found,) = of(line(1).replace(b'"mood": 4', b'"mood": ' + value.encode()))
    assert "error" in found


def test_members_are_apart_and_a_number_is_no_text() -> None:
    days = [line(n, member=member, mood=1) for n in range(6) for member in (1, "1", "m2")]
    assert len({one["points"] for one in of(*days)[-3:]}) == 1


def test_it_answers_each_line_as_it_comes_without_any_setting() -> None:
    with subprocess.Popen(
        COMMAND, cwd=ROOT, env={"PATH": os.environ["PATH"]}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(3):
            process.stdin.write(line(number) + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == f"c{number}"
        process.stdin.close()
        assert process.stdout.read() == b""
    assert process.returncode == 0
