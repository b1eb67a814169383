from __future__ import annotations

from pathlib import Path

from tests.bench.loading import Target, serving, write_bodies


def test_a_load_counts_every_answer_by_its_status(tmp_path: Path) -> None:
    with serving("tests.bench.nothing_app") as url:
        answers = Target(f"{url}/check-ins", "token", write_bodies(tmp_path / "bodies", [{}])).load(8, 1_000)
    assert answers.only(201).requests >= 1_000


def test_a_steady_load_keeps_its_rate_where_answers_are_fast(tmp_path: Path) -> None:
    with serving("tests.bench.nothing_app") as url:
        target = Target(f"{url}/", "token", write_bodies(tmp_path / "bodies", [{}]))
        answers = target.load(4, 50, 500.0)
    assert answers.only(201).rate <= 550
