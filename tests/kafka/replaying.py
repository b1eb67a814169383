"""One worker on replays as a process, to be killed: `python -m tests.kafka.replaying DATABASE_URL BOOTSTRAP TOPIC`.

With `held` at the end it says so before it folds its first event, and folds it once it is given a line.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace

from shared.clock import utc_now
from shared.events import PublicEvent
from shared.kafka.replaying import Replaying
from shared.projection.view import Effect, View
from tests.kafka.streaming import tally_of
from tests.projection.counting import Moods, fold, opened

FOLDING = b"folding\n"


def held(view: View[Moods]) -> View[Moods]:
    def fold_when_told(moods: Moods | None, event: PublicEvent) -> tuple[Moods, Sequence[Effect]]:
        if not told:
            sys.stdout.buffer.write(FOLDING)
            sys.stdout.buffer.flush()
            told.append(sys.stdin.readline())
        return fold(moods, event)

    told: list[str] = []
    return replace(view, fold=fold_when_told)


def main(database_url: str, bootstrap: str, topic: str, *options: str) -> None:
    tally = tally_of(topic)
    store = opened("checkins", database_url, tally)
    views = [held(view) if "held" in options else view for view in tally.views]
    asyncio.run(Replaying(store, database_url, tally.name, views, bootstrap, utc_now).run())


if __name__ == "__main__":
    main(*sys.argv[1:])
