"""Our replay over 1,000,000 events; says what tests/bench/report.py says.

python -m tests.bench.replay_rate BOOTSTRAP TOPIC DATABASE_URL
"""

from __future__ import annotations

import sys

from tests.bench.check_ins import Crowd

CROWD = Crowd("bench.replay", 1_000_000, 20_000)


def replay(bootstrap: str, topic: str, database_url: str) -> str:
    """The line to print. Raises NotImplementedError until there is a replay."""
    raise NotImplementedError(f"there is no replay yet that could read {topic}")


if __name__ == "__main__":
    print(replay(*sys.argv[1:4]))
