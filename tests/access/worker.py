"""`python -m tests.access.worker DATABASE_SERVER SEED CASES`: the same at every run with this seed; prints what came of it."""

from __future__ import annotations

import asyncio
import itertools
import sys
import tempfile
from pathlib import Path
from random import Random

import msgspec

from deploy.postgres import create_databases
from tests.access.house import opened_house
from tests.access.playing import Played, play

CASES_IN_AN_ORGANISATION = 2_500


def worked(url: str, seed: int, cases: int) -> Played:
    numbers, played, random = itertools.count(), Played(), Random(seed)

    def new_database() -> str:
        name = f"access_{seed}_{next(numbers)}"
        return create_databases(url, [name])[name]

    with tempfile.TemporaryDirectory() as folder, opened_house(new_database, Path(folder)) as house:
        while played.cases < cases:
            now = min(CASES_IN_AN_ORGANISATION, cases - played.cases)
            asyncio.run(play(house, itertools.repeat(random, now), played))
    return played


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(worked(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
