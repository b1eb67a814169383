from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag

from shared.errors import Problem, unknown
from shared.http.idempotency import FORGETS_EVERY, KEPT, Answer, Answers, RequestKey
from shared.http.writes import Submission, Writes
from shared.store.encryption import DataKeys
from shared.store.event_store import EventStore
from shared.store.group_commit import Decision
from shared.store.key_encryption import KeyFile
from tests.store.key_files import OLD, key_file
from tests.store.lamps import count, switched

NOW = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)


class Hands:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def kek(tmp_path: Path) -> KeyFile:
    return key_file(tmp_path / "kek", OLD)


@pytest.fixture
def answers(store: EventStore, hands: Hands, kek: KeyFile) -> Answers:
    return Answers(store, DataKeys(store, kek), hands)


@pytest.fixture
def writes(store: EventStore, answers: Answers) -> Iterator[Writes[str]]:
    """Commands are words: `refuse` and `wait` are problems, any other switches a lamp and is answered with itself."""
    writes: Writes[str] = Writes(store, answers, _decide)
    yield writes
    writes.close()


def _decide(commands: Sequence[str]) -> list[Decision[Any] | Exception]:
    problems = {"refuse": unknown("lamp"), "wait": unknown("lamp", retry_after=1)}
    return [problems.get(command) or Decision({"did": command}, (switched(),)) for command in commands]


def key(body: bytes = b"{}", name: str = "") -> RequestKey:
    return RequestKey((name or str(uuid4())).encode(), body)


def test_parts_of_a_key_do_not_run_into_each_other(answers: Answers) -> None:
    assert answers.key_of("a", "bc", b"d") != answers.key_of("ab", "c", b"d")
    assert answers.key_of("a", "b", b"cd", b"e") != answers.key_of("a", "b", b"c", b"de")


def test_a_fingerprint_is_the_same_in_every_process_and_nobody_without_its_key_can_try_a_guess(
    answers: Answers, store: EventStore, hands: Hands, kek: KeyFile
) -> None:
    body = b"I can't go on"
    given = answers.key_of("service:test", "key 1", body)
    assert given == Answers(store, DataKeys(store, kek), hands).key_of("service:test", "key 1", body)
    framed = len(body).to_bytes(8, "big") + body
    assert not {hashlib.sha256(body).digest(), hashlib.sha256(framed).digest()} & {given.key, given.fingerprint}
    with store.transaction() as cursor:
        cursor.execute("DELETE FROM data_keys WHERE name = 'request fingerprints'")
    assert Answers(store, DataKeys(store, kek), hands).key_of("service:test", "key 1", body) != given


def test_a_kept_answer_that_was_moved_to_another_key_is_refused(answers: Answers, store: EventStore) -> None:
    one, other = key(), key()
    store.record([switched()], after=[answers.keep(one, Answer(201, b"one")), answers.keep(other, Answer(201, b"other"))])
    with store.transaction() as cursor:
        cursor.execute(
            "UPDATE idempotent_answers SET answer = (SELECT answer FROM idempotent_answers WHERE key = %s) WHERE key = %s",
            (one.key, other.key),
        )
    with pytest.raises(InvalidTag):
        answers.kept([other])


def test_an_answer_is_kept_for_a_day_and_no_longer(answers: Answers, store: EventStore, hands: Hands) -> None:
    once = key()
    store.record([switched()], after=[answers.keep(once, Answer(201, b"first"))])
    hands.now += KEPT - timedelta(seconds=1)
    assert answers.kept([once, key()]).keys() == {once}
    hands.now += timedelta(seconds=2)
    assert answers.kept([once]) == {}
    store.record([switched()], after=[answers.keep(once, Answer(201, b"second"))])
    kept = answers.kept([once])[once]
    assert isinstance(kept, Answer)
    assert kept.body == b"second"


def test_old_answers_are_forgotten_once_an_hour(answers: Answers, store: EventStore, hands: Hands) -> None:
    store.record([switched()], after=[answers.keep(key(), Answer(201, b"old"))])
    before = count(store, "idempotent_answers")
    answers.forget_old()
    hands.now += KEPT + timedelta(seconds=1)
    answers.forget_old()
    assert count(store, "idempotent_answers") == 0 < before
    store.record([switched()], after=[answers.keep(key(), Answer(201, b"new"))])
    hands.now += FORGETS_EVERY / 2
    answers.forget_old()
    assert count(store, "idempotent_answers") == 1


async def test_one_key_with_two_bodies_at_once_repeats_the_first_and_refuses_the_other(writes: Writes[str]) -> None:
    name = str(uuid4())
    first, other = key(b"first", name), key(b"other", name)
    answer = await writes.submit(Submission("first", 201, first))
    commands = (Submission("first", 201, first), Submission("other", 201, other)) * 10
    outcomes = await asyncio.gather(*(writes.submit(one) for one in commands), return_exceptions=True)
    assert [outcome == answer for outcome in outcomes] == [True, False] * 10
    assert all(isinstance(outcome, Problem) and outcome.kind == "key-reused" for outcome in outcomes[1::2])


async def test_of_two_new_requests_with_one_key_one_is_stored(writes: Writes[str], store: EventStore) -> None:
    name, before = str(uuid4()), count(store, "lamps_events")
    commands = [Submission(word, 201, key(word.encode(), name)) for word in ("a", "b") * 5]
    outcomes = await asyncio.gather(*(writes.submit(one) for one in commands), return_exceptions=True)
    assert count(store, "lamps_events") == before + 1
    assert len({outcome.body for outcome in outcomes if isinstance(outcome, Answer)}) == 1
    assert sum(isinstance(outcome, Problem) for outcome in outcomes) == 5


async def test_a_problem_is_kept_unless_it_may_be_different_next_time(writes: Writes[str], store: EventStore) -> None:
    before = count(store, "idempotent_answers")
    kept = await writes.submit(Submission("refuse", 201, key()))
    assert (kept.status, kept.media_type) == (404, "application/problem+json")
    with pytest.raises(Problem):
        await writes.submit(Submission("wait", 201, key()))
    with pytest.raises(Problem):
        await writes.submit(Submission("refuse", 201))
    assert count(store, "idempotent_answers") == before + 1


async def test_the_repeated_answer_has_the_position_of_the_first(writes: Writes[str]) -> None:
    once = key()
    first = await writes.submit(Submission("lit", 201, once))
    await writes.submit(Submission("lit", 201, key()))
    assert await writes.submit(Submission("lit", 201, once)) == first
    assert first.position
    assert writes.respond(first).headers["x-position"] == f"lamps:{first.position}"
