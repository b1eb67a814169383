from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from psycopg import Cursor
from psycopg.rows import DictRow

from shared.store.event_store import Conflict, EventStore, Rows, Unavailable, Write
from shared.store.group_commit import ATTEMPTS_ALONE, LARGEST_GROUP, Decision, Done, GroupCommit, record_decisions
from tests.store.lamps import count, put_lamp, switched


@dataclass
class Switch:
    """A command: switch this lamp on, in this version of it, or refuse."""

    lamp: UUID = field(default_factory=uuid4)
    version: int = 1
    refuse: bool = False
    row: UUID | None = None


class Deciding:
    """Decides, and notes which commands came together."""

    def __init__(self) -> None:
        self.groups: list[list[Switch]] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self, commands: Sequence[Switch]) -> list[Decision[UUID] | Exception]:
        self.may_go_on.wait(10)
        self.groups.append(list(commands))
        return [PermissionError() if command.refuse else self._decision(command) for command in commands]

    def _decision(self, command: Switch) -> Decision[UUID]:
        writes = (put_lamp(command.row),) if command.row else ()
        return Decision(command.lamp, (switched(command.lamp, command.version),), writes)


@contextmanager
def committing(
    store: EventStore, decide: Callable[[Sequence[Switch]], Sequence[Decision[UUID] | Exception]]
) -> Iterator[GroupCommit[Switch, UUID]]:
    commit = GroupCommit(store, decide)
    yield commit
    commit.close()


async def together(store: EventStore, deciding: Deciding, commands: Sequence[Switch]) -> list[Done[UUID] | BaseException]:
    """The outcomes of commands that all wait while a first one is being decided."""
    with committing(store, deciding) as commit:
        deciding.may_go_on.clear()
        tasks = [asyncio.ensure_future(commit.submit(command)) for command in (Switch(), *commands)]
        await asyncio.sleep(0)
        deciding.may_go_on.set()
        return (await asyncio.gather(*tasks, return_exceptions=True))[1:]


async def test_commands_that_come_together_are_saved_in_one_transaction(store: EventStore) -> None:
    deciding = Deciding()
    outcomes = await together(store, deciding, [Switch() for _ in range(100)])
    assert [len(group) for group in deciding.groups] in ([1, 100], [101])
    with store.transaction() as cursor:
        cursor.execute("SELECT DISTINCT xmin::text FROM lamps_events")
        assert len(cursor.fetchall()) <= 2
    positions = [outcome.position or 0 for outcome in outcomes if isinstance(outcome, Done)]
    assert positions == list(range(positions[0], positions[0] + 100))


async def test_a_group_has_a_largest_size(store: EventStore) -> None:
    deciding = Deciding()
    await together(store, deciding, [Switch() for _ in range(2 * LARGEST_GROUP)])
    assert max(len(group) for group in deciding.groups) == LARGEST_GROUP


async def test_one_that_is_refused_fails_none_of_the_others(store: EventStore) -> None:
    commands = [Switch(refuse=n == 3) for n in range(10)]
    outcomes = await together(store, Deciding(), commands)
    assert [isinstance(outcome, Done) for outcome in outcomes] == [n != 3 for n in range(10)]
    assert isinstance(outcomes[3], PermissionError)


async def test_one_that_conflicts_is_decided_again_alone_and_fails_none_of_the_others(store: EventStore) -> None:
    taken = uuid4()
    store.record([switched(taken)])
    deciding = Deciding()
    outcomes = await together(store, deciding, [Switch(), Switch(taken), Switch()])
    assert [isinstance(outcome, Done) for outcome in outcomes] == [True, False, True]
    assert isinstance(outcomes[1], Conflict)
    assert sum(group == [Switch(taken)] for group in deciding.groups) == ATTEMPTS_ALONE
    assert count(store, "lamps_events") == 4


async def test_two_that_conflict_with_each_other_are_saved_one_after_the_other(store: EventStore) -> None:
    lamp = uuid4()

    def next_version(commands: Sequence[Switch]) -> list[Decision[UUID] | Exception]:
        version = len(list(store.load(lamp))) + 1
        return [Decision(lamp, (switched(lamp, version),)) for _ in commands]

    with committing(store, next_version) as commit:
        outcomes = await asyncio.gather(*(commit.submit(Switch()) for _ in range(10)))
    assert len({outcome.position for outcome in outcomes}) == 10
    assert len(list(store.load(lamp))) == 10


async def test_two_rows_that_exclude_each_other_leave_one_and_the_events_of_one(store: EventStore) -> None:
    row = uuid4()
    outcomes = await together(store, Deciding(), [Switch(row=row), Switch(), Switch(row=row)])
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Done", "Done", "IntegrityError"]
    assert count(store, "lamps") == 1


def new_rows(*lamps: UUID) -> Rows:
    return Rows("INSERT INTO lamps SELECT * FROM unnest(%b::uuid[], %b::text[])", [(lamp, "hall") for lamp in lamps])


def test_new_rows_of_a_group_are_one_statement_and_other_writes_keep_their_order(store: EventStore) -> None:
    statements: list[str] = []

    def note(name: str) -> Callable[[Cursor[DictRow]], None]:
        return lambda _: statements.append(name)

    first, second = uuid4(), uuid4()
    writes: list[Write] = [note("before"), new_rows(first), note("between"), new_rows(second, uuid4()), note("after")]
    record_decisions(store, [Decision(None, (switched(),), (write,)) for write in writes])
    assert statements == ["before", "between", "after"]
    with store.transaction() as cursor:
        cursor.execute("SELECT count(*) AS rows, count(DISTINCT cmin::text) AS statements FROM lamps")
        assert cursor.fetchone() == {"rows": 3, "statements": 1}


async def test_a_new_row_that_is_there_already_fails_its_own_command_only(store: EventStore) -> None:
    taken = uuid4()
    store.record([], [put_lamp(taken)])

    def decide(commands: Sequence[Switch]) -> list[Decision[UUID] | Exception]:
        return [Decision(c.lamp, (switched(c.lamp),), (new_rows(c.lamp),)) for c in commands]

    with committing(store, decide) as commit:
        tasks = (commit.submit(Switch(lamp)) for lamp in (uuid4(), taken, uuid4()))
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(outcome, Done) for outcome in outcomes] == [True, False, True]
    assert count(store, "lamps") == count(store, "lamps_events") + 1 == 3


async def test_what_is_decided_wrongly_for_one_is_found_out_one_by_one(store: EventStore) -> None:
    def clumsy(commands: Sequence[Switch]) -> list[Decision[UUID] | Exception]:
        if any(command.refuse for command in commands):
            raise ZeroDivisionError
        return [Decision(command.lamp, (switched(command.lamp),)) for command in commands]

    with committing(store, clumsy) as commit:
        tasks = (commit.submit(Switch(refuse=n == 5)) for n in range(10))
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(outcome, ZeroDivisionError) for outcome in outcomes] == [n == 5 for n in range(10)]


async def test_a_database_that_is_away_is_told_to_all_at_once_and_not_tried_one_by_one(store: EventStore) -> None:
    tried = 0

    def away(_: Cursor[DictRow]) -> None:
        nonlocal tried
        tried += 1
        raise Unavailable[0]

    with committing(store, lambda commands: [Decision(command.lamp, (), (away,)) for command in commands]) as commit:
        outcomes = await asyncio.gather(*(commit.submit(Switch()) for _ in range(50)), return_exceptions=True)
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert tried <= 2


async def test_a_command_that_decides_nothing_has_no_position(store: EventStore) -> None:
    with committing(store, lambda commands: [Decision(command.lamp) for command in commands]) as commit:
        assert (await commit.submit(Switch())).position is None


async def test_each_is_given_its_own_events_ids(store: EventStore) -> None:
    given: dict[UUID, list[int]] = {}

    def decide(commands: Sequence[Switch]) -> list[Decision[UUID] | Exception]:
        return [_decision(command.lamp) for command in commands]

    def _decision(lamp: UUID) -> Decision[UUID]:
        events = [switched(lamp, version) for version in (1, 2)]
        return Decision(lamp, events, stored=lambda _, ids: given.update({lamp: list(ids)}))

    with committing(store, decide) as commit:
        outcomes = await asyncio.gather(*(commit.submit(Switch()) for _ in range(20)))
    assert {outcome.result: outcome.position for outcome in outcomes} == {lamp: ids[-1] for lamp, ids in given.items()}
    assert all(len(ids) == 2 for ids in given.values())


async def test_a_sender_that_went_away_disturbs_nobody(store: EventStore) -> None:
    with committing(store, Deciding()) as commit:
        gone = asyncio.ensure_future(commit.submit(Switch()))
        await asyncio.sleep(0)
        gone.cancel()
        assert (await commit.submit(Switch())).position
        with pytest.raises(asyncio.CancelledError):
            await gone
