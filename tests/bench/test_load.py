from __future__ import annotations

from pathlib import Path

from tests.bench.loading import Background, Target, serving, write_bodies


def test_a_load_counts_every_answer_by_its_status(tmp_path: Path) -> None:
    with serving("tests.bench.nothing_app") as url:
        answers = Target(f"{url}/check-ins", "token", write_bodies(tmp_path / "bodies", [{}])).load(8, 1_000)
    assert answers.only(201).requests >= 1_000


async def test_a_steady_load_says_at_its_end_what_it_got(tmp_path: Path) -> None:
    with serving("tests.bench.nothing_app") as url:
        background = Background(Target(f"{url}/", "token", write_bodies(tmp_path / "bodies", [{}])), 100)
        await background.begin()
        await background.answered_one()
        assert (await background.end()).only(201).requests >= 1
