"""Commands that arrive together are saved in one transaction; one that conflicts is decided again alone.

One thread takes whatever waits, so the transaction's cost is shared by all who came while the last one ran: 359 commits
a second one by one became 1,630 (deploy/decisions/0003).
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

from shared.store.event_store import Conflict, EventStore, Rows, Unavailable, Write, WriteWithIds
from shared.store.events import PrivateEvent

C = TypeVar("C")
R = TypeVar("R")

LARGEST_GROUP = 200
"""Commands in one transaction at most: beyond that the wait of the first outweighs what the commit costs."""

ATTEMPTS_ALONE = 5
"""How often a command that conflicts is decided again, before its sender is told."""


@dataclass(frozen=True)
class Decision(Generic[R]):
    """What a command comes to: events, rows that belong to them, and the answer to its sender.

    `stored`, where given, is called in the transaction with the notification ids of this decision's own events.
    """

    result: R
    events: Sequence[PrivateEvent] = ()
    writes: Sequence[Write] = ()
    stored: WriteWithIds | None = None
    about: UUID | None = None
    """With whose erasure an answer that is kept for a retry is forgotten."""


@dataclass(frozen=True)
class Done(Generic[R]):
    """`position` is the notification id of the last event that the command stored; None where it stored none."""

    result: R
    position: int | None


Decide = Callable[[Sequence[C]], "Sequence[Decision[R] | Exception]"]


@dataclass
class _Waiting(Generic[C, R]):
    command: C
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Done[R]]" = field(init=False)

    def __post_init__(self) -> None:
        self.future = self.loop.create_future()

    def settle(self, outcome: Done[R] | Exception) -> None:
        if self.future.done():
            return
        if isinstance(outcome, Exception):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


class GroupCommit(Generic[C, R]):
    """`decide` is given commands that arrived together and answers each with a Decision, or with the error to raise."""

    def __init__(self, store: EventStore, decide: "Decide[C, R]") -> None:
        self._store = store
        self._decide = decide
        self._queue: queue.SimpleQueue[_Waiting[C, R] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)
        self._thread.start()

    async def submit(self, command: C) -> Done[R]:
        """Raises what `decide` answered for this command, or Conflict after several attempts alone."""
        waiting: _Waiting[C, R] = _Waiting(command, asyncio.get_running_loop())
        self._queue.put(waiting)
        return await waiting.future

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group = [first]
            while len(group) < LARGEST_GROUP and not self._queue.empty():
                if (another := self._queue.get()) is None:
                    self._queue.put(None)
                    break
                group.append(another)
            self._together(group)

    def _together(self, group: list[_Waiting[C, R]]) -> None:
        try:
            outcomes = self._commit([waiting.command for waiting in group])
        except Unavailable as failure:
            outcomes = [failure] * len(group)
        except Exception:
            outcomes = [self._alone(waiting.command) for waiting in group]
        for loop in {waiting.loop for waiting in group}:
            loop.call_soon_threadsafe(_settle, [pair for pair in zip(group, outcomes, strict=True) if pair[0].loop is loop])

    def _alone(self, command: C) -> Done[R] | Exception:
        for _ in range(ATTEMPTS_ALONE):
            try:
                return self._commit([command])[0]
            except Conflict as conflict:
                error: Exception = conflict
            except Exception as failure:
                return failure
        return error

    def _commit(self, commands: Sequence[C]) -> "list[Done[R] | Exception]":
        outcomes = list(self._decide(commands))
        decisions = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
        positions = iter(record_decisions(self._store, decisions))
        return [outcome if isinstance(outcome, Exception) else Done(outcome.result, next(positions)) for outcome in outcomes]


def _settle(outcomes: "Sequence[tuple[_Waiting[C, R], Done[R] | Exception]]") -> None:
    """Of a whole group at once: to wake the loop for each of them costs more than to answer it."""
    for waiting, outcome in outcomes:
        waiting.settle(outcome)


def record_decisions(store: EventStore, decisions: Sequence[Decision[R]]) -> list[int | None]:
    """Saves several decisions in one transaction; each one's position, in order."""
    spans: list[tuple[Decision[R], int, int]] = []
    count = 0
    for decision in decisions:
        spans.append((decision, count, count := count + len(decision.events)))

    after = [_with_own_ids(decision.stored, start, end) for decision, start, end in spans if decision.stored is not None]
    writes = _gathered(write for decision in decisions for write in decision.writes)
    if not (count or writes or after):
        return [None] * len(spans)
    ids = store.record([event for decision in decisions for event in decision.events], writes, after)
    return [ids[end - 1] if end > start else None for _, start, end in spans]


def _gathered(writes: Iterable[Write]) -> list[Write]:
    """New rows of one statement together, where the first of them stood; everything else in its order."""
    gathered: list[Write] = []
    rows: dict[str, list[tuple[object, ...]]] = {}
    for write in writes:
        if not isinstance(write, Rows):
            gathered.append(write)
            continue
        if write.statement not in rows:
            gathered.append(Rows(write.statement, rows.setdefault(write.statement, [])))
        rows[write.statement] += write.rows
    return gathered


def _with_own_ids(stored: WriteWithIds, start: int, end: int) -> WriteWithIds:
    return lambda cursor, ids: stored(cursor, ids[start:end])
