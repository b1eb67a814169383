"""From a request to a command and from its result to the answer's bytes: once for every service."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from fastapi import Request, Response
from psycopg import Cursor
from psycopg.rows import DictRow

from shared.auth import Caller
from shared.errors import FieldError, Problem
from shared.http.idempotency import Answer, Answers, RequestKey
from shared.store.event_store import Conflict, EventStore, Unavailable
from shared.store.group_commit import Decision, GroupCommit

C = TypeVar("C")
LONGEST_KEY = 255


@dataclass(frozen=True)
class Submission(Generic[C]):
    """A command on its way, with the status of its answer and the key under which that is kept."""

    command: C
    status: int
    key: RequestKey | None = None


class Writes(Generic[C]):
    """Every command of one service goes through here: decided in groups, stored once, answered the same again."""

    def __init__(
        self, store: EventStore, answers: Answers, decide: Callable[[Sequence[C]], Sequence[Decision[Any] | Exception]]
    ) -> None:
        self.service = store.service
        self._store = store
        self._answers = answers
        self._decide_commands = decide
        self._commit: GroupCommit[Submission[C], Answer] = GroupCommit(store, self._decide)

    async def answer(self, request: Request, caller: Caller, command: C, status: int) -> Response:
        """Does the command and answers the request. Raises the command's Problem."""
        key = await self.request_key(request, caller)
        return self.respond(await self.submit(Submission(command, status, key)))

    async def request_key(self, request: Request, caller: Caller) -> RequestKey | None:
        """The request's Idempotency-Key, if it has one. Raises a 422 Problem for one that isn't visible ASCII."""
        key = request.headers.get("idempotency-key")
        if key is None:
            return None
        if not (0 < len(key) <= LONGEST_KEY and all("!" <= character <= "~" for character in key)):
            raise _unusable_key()
        return self.key_of(caller, f"key {key}", request.method.encode(), request.url.path.encode(), await request.body())

    def key_of(self, caller: Caller, key: str, *request: bytes) -> RequestKey:
        return self._answers.key_of(caller.identity, key, *request)

    async def submit(self, submission: Submission[C]) -> Answer:
        try:
            done = await self._commit.submit(submission)
        except Unavailable as failure:
            raise Problem(
                503, "not-stored", "The store can't be reached; what was sent may not be stored.", headers={"Retry-After": "1"}
            ) from failure
        kept = done.result
        return msgspec.structs.replace(kept, position=done.position) if done.position is not None else kept

    async def placed(self, answer: Answer) -> Answer:
        """Where nothing had to be stored, what was asked for is there already: at the store's present position."""
        if answer.position is not None or answer.status >= 400:
            return answer
        present = await asyncio.to_thread(self._store.postgres.max_notification_id)
        return msgspec.structs.replace(answer, position=present)

    async def once(self, key: RequestKey | None, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The kept answer to a request whose parts are stored each by itself, or a new one that is kept after them.

        Raises the Problem that was kept, or that of a key which was used for another request.
        """
        if key is None:
            return await make()
        if kept := (await asyncio.to_thread(self._answers.kept, [key])).get(key):
            return _kept(kept)
        answer = await make()
        try:
            await asyncio.to_thread(self._store.record, (), (), (self._answers.keep(key, answer),))
        except Conflict:
            return _kept((await asyncio.to_thread(self._answers.kept, [key]))[key])
        return answer

    async def stored_once(self, key: RequestKey | None, make: Callable[[Cursor[DictRow]], Answer]) -> Answer:
        """As `once`, for rows without events: they and the kept answer are one transaction, so that none are made twice."""
        if key and (kept := (await asyncio.to_thread(self._answers.kept, [key])).get(key)):
            return _kept(kept)
        try:
            return await asyncio.to_thread(self._made, key, make)
        except Conflict:
            assert key, "without a key nothing else has to be new"
            return _kept((await asyncio.to_thread(self._answers.kept, [key]))[key])

    def _made(self, key: RequestKey | None, make: Callable[[Cursor[DictRow]], Answer]) -> Answer:
        with self._store.transaction() as cursor:
            answer = make(cursor)
            if key:
                self._answers.keep(key, answer)(cursor, ())
        return answer

    def respond(self, answer: Answer) -> Response:
        headers = {} if answer.position is None else {"X-Position": f"{self.service}:{answer.position}"}
        return Response(answer.body, answer.status, headers, answer.media_type)

    def close(self) -> None:
        self._commit.close()

    def _decide(self, submissions: Sequence[Submission[C]]) -> list[Decision[Answer] | Exception]:
        self._answers.forget_old()
        kept = self._answers.kept([submission.key for submission in submissions if submission.key])
        fresh = [submission for submission in submissions if submission.key not in kept]
        decided = iter(self._decide_commands([submission.command for submission in fresh]))
        return [
            _again(kept[submission.key]) if submission.key in kept else self._encode(submission, next(decided))
            for submission in submissions
        ]

    def _encode(self, submission: Submission[C], outcome: Decision[Any] | Exception) -> Decision[Answer] | Exception:
        if isinstance(outcome, Problem) and submission.key and not outcome.may_be_retried:
            outcome = Decision(Answer.of(outcome))
        if isinstance(outcome, Exception):
            return outcome
        result = outcome.result
        encoded = result if isinstance(result, Answer) else Answer(submission.status, msgspec.json.encode(result))
        stored = self._answers.keep(submission.key, encoded, outcome.about) if submission.key else outcome.stored
        return Decision(encoded, outcome.events, outcome.writes, stored)


def _kept(kept: Answer | Problem) -> Answer:
    if isinstance(kept, Problem):
        raise kept
    return kept


def _again(kept: Answer | Problem) -> Decision[Answer] | Exception:
    return kept if isinstance(kept, Problem) else Decision(kept)


def _unusable_key() -> Problem:
    allowed = FieldError("Idempotency-Key", f"1 to {LONGEST_KEY} visible ASCII characters")
    return Problem(422, "invalid-key", "The Idempotency-Key isn't usable.", [allowed])
