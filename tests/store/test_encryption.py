from __future__ import annotations

import threading
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from shared.store.encryption import DataKeys, MemberKeys
from shared.store.event_store import Conflict, EventStore
from shared.store.key_encryption import KeyFile, UnknownKey
from shared.store.sealing import place, seal, unseal
from tests.store.key_files import ELSE, OLD, key_file
from tests.store.lamps import count, switched

KEY, OTHER = b"k" * 32, b"o" * 32
ADA, BEN = UUID(int=1), UUID(int=2)
PLACE = place("checkins", ADA, 2, "name")


@pytest.fixture
def kek(tmp_path: Path) -> KeyFile:
    return key_file(tmp_path / "kek", OLD)


@given(st.binary(max_size=300), st.uuids(), st.integers(1, 10**9), st.text(max_size=60))
def test_what_was_sealed_is_unsealed_in_its_place(plain: bytes, aggregate: UUID, version: int, field: str) -> None:
    there = place("checkins", aggregate, version, field)
    assert unseal(KEY, seal(KEY, plain, there), there) == plain


@given(st.sampled_from(["checkins", "recognition"]), st.uuids(), st.integers(1, 3), st.sampled_from(["name", "note"]))
def test_nothing_opens_in_another_service_aggregate_version_or_field(
    service: str, aggregate: UUID, version: int, field: str
) -> None:
    there = place(service, aggregate, version, field)
    if there == PLACE:
        assert unseal(KEY, seal(KEY, b"plain", PLACE), there) == b"plain"
    else:
        with pytest.raises(InvalidTag):
            unseal(KEY, seal(KEY, b"plain", PLACE), there)


@pytest.mark.parametrize(
    "there",
    [
        place("checkins", BEN, 2, "name"),
        place("checkins", ADA, 1, "name"),
        place("checkins", ADA, 3, "name"),
        place("checkins", ADA, 2, "note"),
        place("recognition", ADA, 2, "name"),
        "",
    ],
)
def test_a_sealed_text_that_was_moved_is_refused(there: str) -> None:
    with pytest.raises(InvalidTag):
        unseal(KEY, seal(KEY, b"plain", PLACE), there)


def test_the_same_text_is_never_sealed_the_same_way_twice() -> None:
    assert len({seal(KEY, b"the same", PLACE) for _ in range(100)}) == 100


def test_the_wrong_key_opens_nothing() -> None:
    with pytest.raises(InvalidTag):
        unseal(OTHER, seal(KEY, b"plain", PLACE), PLACE)


@pytest.mark.parametrize("at", range(0, 33, 4))
def test_a_changed_byte_is_noticed(at: int) -> None:
    sealed = bytearray(seal(KEY, b"plain", PLACE))
    sealed[at] ^= 1
    with pytest.raises(InvalidTag):
        unseal(KEY, bytes(sealed), PLACE)


def test_a_members_key_is_stored_wrapped_and_destroyed_for_good(store: EventStore, kek: KeyFile) -> None:
    keys, ada, ben = MemberKeys(store, kek), uuid4(), uuid4()
    adas, keep_adas = keys.new(ada)
    bens, keep_bens = keys.new(ben)
    store.record([switched()], [keep_adas, keep_bens])
    assert keys.of([ada, ben, uuid4()]) == {ada: adas, ben: bens}
    with store.transaction() as cursor:
        cursor.execute("SELECT wrapped FROM member_keys")
        assert not {adas, bens} & {bytes(row["wrapped"]) for row in cursor}
    store.record([switched()], [keys.destroy(ada)])
    assert keys.of([ada, ben]) == {ben: bens}


def test_a_member_has_one_key_only(store: EventStore, kek: KeyFile) -> None:
    keys, ada = MemberKeys(store, kek), uuid4()
    first, keep = keys.new(ada)
    store.record([switched()], [keep])
    with pytest.raises(Conflict):
        store.record([switched()], [keys.new(ada)[1]])
    assert keys.of([ada]) == {ada: first}


def test_one_members_wrapped_key_put_in_anothers_row_opens_nothing(store: EventStore, kek: KeyFile) -> None:
    keys, ada, ben = MemberKeys(store, kek), uuid4(), uuid4()
    store.record([switched()], [keys.new(ada)[1], keys.new(ben)[1]])
    with store.transaction() as cursor:
        cursor.execute(
            "UPDATE member_keys SET wrapped = (SELECT wrapped FROM member_keys WHERE member = %s) WHERE member = %s", (ada, ben)
        )
    with pytest.raises(InvalidTag):
        keys.of([ben])


def test_keys_wrapped_by_another_kek_are_not_opened(store: EventStore, kek: KeyFile, tmp_path: Path) -> None:
    ada = uuid4()
    store.record([switched()], [MemberKeys(store, kek).new(ada)[1]])
    with pytest.raises(UnknownKey):
        MemberKeys(store, key_file(tmp_path / "else", ELSE)).of([ada])


def test_a_data_key_is_made_once_and_is_the_same_in_every_process(store: EventStore, kek: KeyFile) -> None:
    keys = DataKeys(store, kek)
    first = keys.of("answers")
    assert first == keys.of("answers") == DataKeys(store, kek).of("answers")
    assert len(first) == 32
    assert first != keys.of("endpoints")
    with store.transaction() as cursor:
        cursor.execute("SELECT wrapped FROM data_keys")
        assert first not in [bytes(row["wrapped"]) for row in cursor]


def test_many_who_need_a_data_key_first_at_the_same_moment_get_one(store: EventStore, kek: KeyFile) -> None:
    """Each as a process of its own: nothing remembered, and all start together."""
    together, got = threading.Barrier(8), []

    def first_use() -> None:
        keys = DataKeys(store, kek)
        together.wait()
        got.append(keys.of("answers"))

    threads = [threading.Thread(target=first_use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len(set(got)) == count(store, "data_keys") == 1
