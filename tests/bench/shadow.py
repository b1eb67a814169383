"""A view of 1,000,000 events built anew, switched to and taken back while 200 check in each second and people read it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from rich.console import Console

from deploy import Stack
from deploy.demo.client import connected
from deploy.layout import CHECKOUT
from tests.bench.check_ins import Crowd
from tests.bench.figures import Figure, figure
from tests.bench.loading import Answers, Background, Target, write_bodies
from tests.bench.past import give_past
from tests.bench.rebuilding import Built, Replay, Switch
from tests.bench.walking import Reads, Timed, Watch, walkers

UNLIMITED = {"ALONGSIDE_RATE_LIMIT": "1000000"}
PROMISED_MS = 1_000
AROUND_SECONDS = 1.0
IDLE = "a dry run of the same view afterwards, with nobody checking in or reading"
BEFORE = "the longest before it began"


@dataclass(frozen=True)
class Counts:
    """`others` check in, so many `per_second`; for `seconds` it is watched before the replay and after each switch."""

    walkers: int
    others: int
    per_second: float
    seconds: float


FULL, QUICK = Counts(8, 1_000, 200, 10), Counts(4, 50, 50, 1)
PAST = Crowd("checkins.events", 1_000_000, 20_000, enrolled=True)
QUICK_PAST = Crowd("checkins.events", 10_000, 500, enrolled=True)


@dataclass(frozen=True)
class Rebuilt:
    """What was seen from outside while the view was built, switched to, and taken back."""

    reads: Reads
    answers: Answers
    built: Built
    switches: Sequence[Switch]
    again: Built

    def figures(self) -> list[Figure]:
        reads, all_reads = self.reads, f"all {self.reads.count:,} over HTTP, before, meanwhile and afterwards"
        held = max(one.held_ms for one in self.switches)
        return [
            figure("shadow.rate", self.built.rate, "events/s", IDLE, self.again.rate),
            figure("shadow.switch_ms", held, "ms", f"the {PROMISED_MS:,} ms that are promised", PROMISED_MS),
            figure("shadow.reads_failed", reads.failed, "reads", all_reads, reads.count),
            figure("shadow.reads_gone_back", reads.gone_back, "reads", all_reads, reads.count),
            figure("shadow.read_ms", self._at_switches(reads.answered), "ms", BEFORE, self._before(reads.answered)),
            figure("shadow.shown_ms", self._at_switches(reads.shown), "ms", BEFORE, self._before(reads.shown)),
        ]

    def _before(self, times: Sequence[Timed]) -> float:
        return max(one.milliseconds for one in times if one.at < self.built.begun)

    def _at_switches(self, times: Sequence[Timed]) -> float:
        return max((one.milliseconds for one in times if any(_is_at(one, switch) for switch in self.switches)), default=0.0)


def _is_at(one: Timed, switch: Switch) -> bool:
    return one.at > switch.begun and one.at - one.milliseconds / 1_000 < switch.ended + AROUND_SECONDS


def shadow(console: Console, quick: bool) -> list[Figure]:
    counts, past = (QUICK, QUICK_PAST) if quick else (FULL, PAST)
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(CHECKOUT, Path(folder) / "stack")
        environment = stack.up(extra=UNLIMITED, environ={})
        try:
            give_past(stack, environment, past, console)
            rebuilt = asyncio.run(rebuild(environment, counts, Path(folder)))
        finally:
            stack.down()
    _tell(rebuilt, console)
    return rebuilt.figures()


async def rebuild(environment: Mapping[str, str], counts: Counts, folder: Path) -> Rebuilt:
    async with connected(environment) as client, aiohttp.ClientSession() as session:
        walks = await walkers(client, counts.walkers)
        background = Background(_others(environment, await client.enrol_all(counts.others), folder), counts.per_second)
        watch = Watch(session, environment, walks)
        await watch.all_are_there()
        await background.begin()
        async with watch.on() as reads:
            await asyncio.sleep(counts.seconds)
            replay = Replay(client)
            built = await replay.build("shadow")
            switched = await replay.switch()
            await asyncio.sleep(counts.seconds)
            rolled_back = await replay.roll_back()
            await asyncio.sleep(counts.seconds)
        answers = (await background.end()).only(201)
        again = await Replay(client).build("dry-run")
        for walk in walks:
            await client.delete("checkins", f"/members/{walk.member}")
    return Rebuilt(reads, answers, built, (switched, rolled_back), again)


def _others(environment: Mapping[str, str], members: Sequence[str], folder: Path) -> Target:
    bodies = [{"member": one, "mood": 4, "energy": 4, "stress": 2} for one in members]
    url = f"{environment['CHECKINS_URL']}/check-ins"
    return Target(url, environment["SERVICE_TOKEN"], write_bodies(folder / "others.jsonl", bodies))


def _tell(rebuilt: Rebuilt, console: Console) -> None:
    answers, built, again = rebuilt.answers, rebuilt.built, rebuilt.again
    console.print(f"  {answers.requests:,} checked in, {answers.rate:,.0f}/s, p99 {answers.p99_ms:.0f} ms")
    for name, one in (("shadow", built), ("dry run", again)):
        console.print(f"  {name:8} {one.events:,} events {one.rate:,.0f}/s, {one.differing} keys differ", soft_wrap=True)
    held = ", ".join(f"{one.held_ms:.0f} ms" for one in rebuilt.switches)
    console.print(f"  live reader held {held}; {rebuilt.reads.count:,} reads, {len(rebuilt.reads.shown):,} steps seen")
