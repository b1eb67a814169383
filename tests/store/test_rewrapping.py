from __future__ import annotations

import threading
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from shared.store.encryption import DataKeys, MemberKeys
from shared.store.event_store import EventStore
from shared.store.key_encryption import KeyFile, UnknownKey
from shared.store.rewrapping import Under, rewrap, status
from tests.store.key_files import NEW, OLD, key_file, write_keys
from tests.store.lamps import switched


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kek"


def enrol(store: EventStore, kek: KeyFile, count: int = 1) -> dict[UUID, bytes]:
    keys, made = MemberKeys(store, kek), {}
    for _ in range(count):
        member = uuid4()
        made[member], keep = keys.new(member)
        store.record([switched()], [keep])
    return made


def under(store: EventStore, kek: KeyFile) -> set[tuple[str, str, int]]:
    return {(one.table, one.kek_id, one.rows) for one in status(store, kek)}


def test_a_rotation_leaves_every_key_what_it_was_also_when_the_retired_one_is_gone(store: EventStore, path: Path) -> None:
    old = key_file(path, OLD)
    members, answers = enrol(store, old, 5), DataKeys(store, old).of("answers")
    new = key_file(path, NEW, OLD)
    later = enrol(store, new, 2)
    assert sum(batch.rows for batch in rewrap(store, new)) == 6
    assert under(store, new) == {("member_keys", new.id, 7), ("data_keys", new.id, 1)}
    write_keys(path, NEW)
    alone = KeyFile(path)
    assert MemberKeys(store, alone).of([*members, *later]) == members | later
    assert DataKeys(store, alone).of("answers") == answers


def test_a_process_that_runs_through_a_rotation_opens_old_and_new_and_makes_new_ones(store: EventStore, path: Path) -> None:
    running = key_file(path, OLD)
    members = enrol(store, running, 3)
    write_keys(path, NEW, OLD)
    first, *others = members
    members |= enrol(store, running)
    assert MemberKeys(store, running).of(list(members)) == members
    list(rewrap(store, KeyFile(path)))
    assert MemberKeys(store, running).of(list(members)) == members
    store.record([switched()], [MemberKeys(store, running).destroy(first)])
    write_keys(path, NEW)
    assert MemberKeys(store, running).of([first, *others]) == {one: members[one] for one in others}


def test_nothing_is_wrapped_anew_twice(store: EventStore, path: Path) -> None:
    enrol(store, key_file(path, OLD), 3)
    kek = key_file(path, NEW, OLD)
    assert [batch.rows for batch in rewrap(store, kek)] == [3]
    assert list(rewrap(store, kek)) == []


def test_one_that_was_interrupted_is_finished_by_the_next(store: EventStore, path: Path) -> None:
    members = enrol(store, key_file(path, OLD), 5)
    kek = key_file(path, NEW, OLD)
    next(rewrap(store, kek, batch=2))
    assert ("member_keys", kek.id, 2) in under(store, kek)
    assert MemberKeys(store, kek).of(list(members)) == members
    assert [batch.rows for batch in rewrap(store, kek, batch=2)] == [2, 1]
    assert MemberKeys(store, kek).of(list(members)) == members


def test_who_is_erased_meanwhile_is_not_brought_back(store: EventStore, path: Path) -> None:
    members = enrol(store, key_file(path, OLD), 3)
    kek = key_file(path, NEW, OLD)
    going = rewrap(store, kek, batch=1)
    next(going)
    store.record([switched()], [MemberKeys(store, kek).destroy(member) for member in members])
    assert list(going) == []
    assert MemberKeys(store, kek).of(list(members)) == {}


def test_a_key_that_changed_since_it_was_read_is_left_as_it_is_now_and_taken_again(store: EventStore, path: Path) -> None:
    (member, key), *_ = enrol(store, key_file(path, OLD)).items()
    kek = WrappedMeanwhile(path, store, member)
    assert [batch.rows for batch in rewrap(store, kek)] == [0, 1]
    assert MemberKeys(store, kek).of([member]) == {member: key}


class WrappedMeanwhile(KeyFile):
    """Between the first reading of a row and its writing somebody else wraps that row anew."""

    def __init__(self, path: Path, store: EventStore, member: UUID) -> None:
        super().__init__(write_keys(path, NEW, OLD))
        self.other = key_file(path.with_name("other"), OLD)
        self.todo = [(store, member)]

    def wrap(self, key: bytes, belongs_to: str) -> tuple[str, bytes]:
        if self.todo:
            store, member = self.todo.pop()
            with store.transaction() as cursor:
                again = self.other.wrap(key, belongs_to)
                cursor.execute("UPDATE member_keys SET kek_id = %s, wrapped = %s WHERE member = %s", (*again, member))
        return super().wrap(key, belongs_to)


def test_who_enrols_while_everything_is_wrapped_anew_loses_nothing(store: EventStore, path: Path) -> None:
    """Two processes enrol all the time, the rotation comes in the middle; a second run takes what was just being stored."""
    running, members = [key_file(path, OLD), KeyFile(path)], enrol(store, key_file(path, OLD), 20)
    begun, over = threading.Barrier(3), threading.Event()

    def enrol_on(kek: KeyFile) -> None:
        members.update(enrol(store, kek, 5))
        begun.wait()
        while not over.is_set():
            members.update(enrol(store, kek))

    threads = [threading.Thread(target=enrol_on, args=(kek,)) for kek in running]
    for thread in threads:
        thread.start()
    begun.wait()
    write_keys(path, NEW, OLD)
    list(rewrap(store, KeyFile(path), batch=3))
    over.set()
    for thread in threads:
        thread.join()
    list(rewrap(store, KeyFile(path)))
    alone = key_file(path, NEW)
    assert len(members) >= 30
    assert under(store, alone) == {("member_keys", alone.id, len(members))}
    assert MemberKeys(store, alone).of(list(members)) == members


def test_what_cannot_be_opened_is_counted_and_left_and_the_others_are_wrapped(store: EventStore, path: Path) -> None:
    lost = enrol(store, key_file(path, b"l" * 32), 2)
    (broken,) = enrol(store, key_file(path, OLD))
    with store.transaction() as cursor:
        cursor.execute("UPDATE member_keys SET wrapped = 'short' WHERE member = %s", (broken,))
    members = enrol(store, key_file(path, OLD), 3)
    kek = key_file(path, NEW, OLD)
    batches = list(rewrap(store, kek))
    assert (sum(batch.rows for batch in batches), sum(batch.failed for batch in batches)) == (3, 3)
    assert MemberKeys(store, kek).of(list(members)) == members
    assert sorted((one.rows, one.opens) for one in status(store, kek)) == [(1, False), (2, False), (3, True)]
    with pytest.raises(UnknownKey):
        MemberKeys(store, kek).of(list(lost))


def test_the_status_of_a_new_store_is_empty(store: EventStore, path: Path) -> None:
    found: list[Under] = status(store, key_file(path, NEW))
    assert found == []
