from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from deploy import Stack
from tests.bench.shadow import QUICK, rebuild


async def test_while_a_view_is_built_anew_switched_to_and_taken_back_no_read_fails_or_goes_back(
    system: Stack, tmp_path: Path
) -> None:
    rebuilt = await rebuild(system.environment(), replace(QUICK, seconds=0.5), tmp_path)
    assert (rebuilt.reads.failed, rebuilt.reads.gone_back) == (0, 0)
    assert len(rebuilt.reads.shown) > QUICK.walkers, "they were seen to walk meanwhile"
    assert (rebuilt.built.differing, rebuilt.again.differing) == (0, 0)
