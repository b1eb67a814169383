"""The short form of `make faults`: fixed seeds on the system that all tests share."""

from __future__ import annotations

import pytest

from deploy import Stack
from tests.faults.run import run


@pytest.mark.parametrize("seed", [24])
async def test_what_is_accepted_survives_the_faults_of_a_seed(system: Stack, seed: int) -> None:
    found = await run(system, seed)
    assert found.all_is_well, "\n".join(found.lines())
