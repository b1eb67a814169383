"""One run: faults drawn from a seed strike while people post; then everything accepted is accounted for."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from uuid import UUID

from deploy import Stack
from deploy.demo.client import connected
from services.checkins.domain import CheckInRecorded
from services.evaluation.domain import AnswerSubmitted, CellFilled
from services.evaluation.views import cells
from services.recognition.domain import KudosGiven
from shared.store.events import PrivateEvent
from tests.faults import oracle
from tests.faults.answering import ITEMS, Answering
from tests.faults.faults import Fault, World, draw
from tests.faults.posting import Posting
from tests.faults.receivers import Receivers
from tests.faults.settling import caught_up

SETTLES_WITHIN = 240.0
"""Seconds: a busy machine is no defect, and whoever is lost stays so."""

Says = Callable[[str], None]


@dataclass
class Found:
    """What is wrong after a run, by kind; nothing where all is well."""

    faults: int
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)

    @property
    def all_is_well(self) -> bool:
        return not (self.lost or self.doubled or self.differing)

    def lines(self) -> Iterator[str]:
        for kind in ("lost", "doubled", "differing"):
            yield from (f"  {kind}: {what}" for what in getattr(self, kind))


async def run(stack: Stack, seed: int, says: Says = print) -> Found:
    """Says the seed and the faults first, and what is wrong last."""
    chance = random.Random(seed)
    faults = draw(chance, [one.name for one in stack.watched()])
    says(f"seed {seed}: " + "; ".join(f"at {fault.after:.1f} s {fault.says}" for fault in faults))
    found = Found(len(faults))
    receivers = Receivers()
    await receivers.start()
    try:
        await _struck(stack, receivers, chance, faults, found)
    except Exception as error:
        found.differing += [f"the run ended early: {one!r}" for one in _causes(error)]
    finally:
        await receivers.stop()
    for line in found.lines():
        says(line)
    return found


async def _struck(stack: Stack, receivers: Receivers, chance: random.Random, faults: Sequence[Fault], found: Found) -> None:
    async with connected(stack.environment(), SETTLES_WITHIN) as client:
        posting = await Posting.of_new_members(client, stack.keys, chance)
        await receivers.enrol(client, posting.supporter)
        world = World(stack, client, receivers)
        async with asyncio.TaskGroup() as together:
            together.create_task(posting.post_all())
            for fault in faults:
                together.create_task(fault.strike(world))
        found.differing += await caught_up(client.environment, posting.answering.survey, SETTLES_WITHIN)
        await receivers.wait_for(posting.alerts(), SETTLES_WITHIN)
        await asyncio.to_thread(_judge, world, posting, found)
        await posting.erase_everybody()
        await asyncio.to_thread(stack.wait_ready, SETTLES_WITHIN)


def _judge(world: World, posting: Posting, found: Found) -> None:
    environment = world.client.environment
    for service in ("checkins", "recognition"):
        accepted, kept = posting.accepted_ids(service), _stored(environment, service, posting)
        found.lost += [f"{service} accepted {one} and hasn't stored it" for one in sorted(accepted - kept, key=str)]
        found.doubled += [f"{service} stored {one}, which nobody was told of" for one in sorted(kept - accepted, key=str)]
    alerts = posting.alerts()
    found.lost += [f"alert {one} wasn't offered" for one in sorted(alerts - world.receivers.offered(alerts))]
    found.doubled += [f"{one} came under two webhook-ids" for one in world.receivers.doubled()]
    found.doubled += [f"webhook-id {one} stands for two deliveries" for one in world.receivers.reused()]
    found.differing += [str(one) for one in oracle.differences(environment)]
    found.differing += list(_wrongly_parked(environment, world.poisoned))
    _judge_survey(environment, posting.answering, found)


def _judge_survey(environment: oracle.Environment, answering: Answering, found: Found) -> None:
    """Nobody knows whose sheet is which, so they are compared as a bag; in cells is what isn't waiting for one."""
    survey = UUID(answering.survey)
    with closing(oracle.store_of(environment, "evaluation")) as store:
        events = [event for event in oracle.stored(store) if getattr(event, "survey", None) == survey]
        waiting = len(cells.waiting_for(store, survey))
    kept = Counter(tuple(event.scores[item] for item in ITEMS) for event in events if isinstance(event, AnswerSubmitted))
    in_cells = sum(event.n for event in events if isinstance(event, CellFilled))
    found.lost += [f"the survey's sheet {one} ({n})" for one, n in (answering.sheets - kept).items()]
    found.doubled += [f"the survey's sheet {one} ({n})" for one, n in (kept - answering.sheets).items()]
    if in_cells + waiting != answering.sheets.total():
        found.differing.append(f"{in_cells} sheets in cells and {waiting} waiting, of {answering.sheets.total()}")


def _stored(environment: oracle.Environment, service: str, posting: Posting) -> set[UUID]:
    """What this run's people have in the store; an id is there once, its event being the first of it."""
    people = {UUID(one) for one in (*posting.members, *posting.leavers)}
    with closing(oracle.store_of(environment, service)) as store:
        return {event.originator_id for event in oracle.stored(store) if _whose(event) in people}


def _whose(event: PrivateEvent) -> UUID | None:
    if isinstance(event, CheckInRecorded):
        return event.member
    return event.giver if isinstance(event, KudosGiven) else None


def _wrongly_parked(environment: oracle.Environment, poisoned: Sequence[UUID]) -> Iterator[str]:
    """Every reader must have parked the poison and nothing else. The poison is then dropped, as ops would."""
    subjects = {str(member).encode() for member in poisoned}
    for service in oracle.READERS:
        with closing(oracle.store_of(environment, service)) as store, store.transaction() as cursor:
            cursor.execute("SELECT subject, error FROM parked WHERE dropped_at IS NULL")
            parked = {bytes(row["subject"]): row["error"] for row in cursor}
            cursor.execute(
                "UPDATE parked SET dropped_by = 'faults', dropped_at = now() WHERE subject = ANY(%s)", (list(subjects),)
            )
        yield from (f"{service} didn't park the poison of {one.decode()}" for one in subjects - parked.keys())
        yield from (f"{service} parked {one!r}: {parked[one]}" for one in parked.keys() - subjects)


def _causes(error: BaseException) -> Iterable[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [cause for one in error.exceptions for cause in _causes(one)]
    return [error]
