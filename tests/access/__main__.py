"""`python -m tests.access`: seeded changes and reads on the real apps, each read held against the oracle."""

from __future__ import annotations

import argparse
import itertools
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

import deploy
from tests.access.playing import Played

WORKERS = 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.access", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    given = parser.parse_args()
    print(f"seed {given.seed}, {given.cases} cases", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, deploy.start_postgres(Path(folder) / "postgres") as url:
        cases = given.cases // WORKERS
        commands = [[sys.executable, "-m", "tests.access.worker", url, str(given.seed + n), str(cases)] for n in range(WORKERS)]
        workers = [subprocess.Popen(command, stdout=subprocess.PIPE) for command in commands]
        answers = [worker.communicate()[0] for worker in workers]
    if any(worker.returncode for worker in workers):
        return 2
    return _told(_together([msgspec.json.decode(answer, type=Played) for answer in answers]), time.monotonic() - began)


def _together(parts: list[Played]) -> Played:
    whole = Played()
    for part in parts:
        whole.add(part)
    return whole


def _told(played: Played, seconds: float) -> int:
    for name, count in sorted(played.changes.items()):
        print(f"  change  {name.replace('_', ' '):28}{count:8}")
    for kind, reads in itertools.groupby(sorted(played.reads.items()), key=lambda item: item[0].partition(": ")[0]):
        answers = [(key.partition(": ")[2], count) for key, count in reads]
        told = ", ".join(f"{status}: {count}" for status, count in answers)
        print(f"  read    {kind:28}{sum(count for _, count in answers):8}  {told}")
    print(f"  told whom an alert is about         {played.told:8}")
    for violation in played.violations[:20]:
        print(f"  WRONG   {violation}")
    print(f"{played.cases} cases, {sum(played.reads.values())} reads, {len(played.violations)} violations in {seconds:.0f} s")
    return 1 if played.violations else 0


if __name__ == "__main__":
    sys.exit(main())
