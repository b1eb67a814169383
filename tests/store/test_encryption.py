from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from shared.store.encryption import KeyEncryptionKey, MemberKeys, seal, unseal
from shared.store.event_store import Conflict, EventStore
from tests.store.lamps import switched

KEY, OTHER = b"k" * 32, b"o" * 32
PLACE = "checkins/1/note"


@given(st.binary(max_size=300), st.text(max_size=60))
def test_what_was_sealed_is_unsealed_in_its_place(plain: bytes, place: str) -> None:
    assert unseal(KEY, seal(KEY, plain, place), place) == plain


def test_the_same_text_is_never_sealed_the_same_way_twice() -> None:
    assert len({seal(KEY, b"the same", PLACE) for _ in range(100)}) == 100


@pytest.mark.parametrize("place", ["checkins/2/note", "checkins/1/name", "", "checkins/1/note "])
def test_a_sealed_text_that_was_moved_is_refused(place: str) -> None:
    with pytest.raises(InvalidTag):
        unseal(KEY, seal(KEY, b"plain", PLACE), place)


def test_the_wrong_key_opens_nothing() -> None:
    with pytest.raises(InvalidTag):
        unseal(OTHER, seal(KEY, b"plain", PLACE), PLACE)


@pytest.mark.parametrize("at", range(0, 33, 4))
def test_a_changed_byte_is_noticed(at: int) -> None:
    sealed = bytearray(seal(KEY, b"plain", PLACE))
    sealed[at] ^= 1
    with pytest.raises(InvalidTag):
        unseal(KEY, bytes(sealed), PLACE)


def test_a_wrapped_key_is_bound_to_its_member_and_to_the_key_that_wrapped_it() -> None:
    kek = KeyEncryptionKey(b"s" * 32)
    wrapped = kek.wrap(KEY, "ada")
    assert kek.unwrap(wrapped, "ada") == KEY != wrapped
    for other, member in ((kek, "ben"), (KeyEncryptionKey(b"t" * 32), "ada")):
        with pytest.raises(InvalidTag):
            other.unwrap(wrapped, member)


def test_keys_for_purposes_differ_from_each_other_and_are_the_same_at_every_start() -> None:
    keys = {KeyEncryptionKey(b"s" * 32).key_for(purpose) for purpose in ("answers", "claims", "answers", "wrap ")}
    assert len(keys) == 3


def test_the_id_tells_keys_apart_and_tells_nothing_of_the_secret() -> None:
    assert KeyEncryptionKey(b"s" * 32).id == KeyEncryptionKey(b"s" * 32).id != KeyEncryptionKey(b"t" * 32).id
    assert len(KeyEncryptionKey(b"s" * 32).id) == 8


def test_a_key_file_is_base64_and_may_end_in_a_newline(tmp_path: Path) -> None:
    (tmp_path / "kek").write_text("c3NzcwNzc3M=\n")
    assert KeyEncryptionKey.from_file(tmp_path / "kek").id


def test_a_members_key_is_stored_wrapped_and_destroyed_for_good(store: EventStore) -> None:
    keys, ada, ben = MemberKeys(store, KeyEncryptionKey(b"s" * 32)), uuid4(), uuid4()
    adas, keep_adas = keys.new(ada)
    bens, keep_bens = keys.new(ben)
    store.record([switched()], [keep_adas, keep_bens])
    assert keys.of([ada, ben, uuid4()]) == {ada: adas, ben: bens}
    with store.transaction() as cursor:
        cursor.execute("SELECT wrapped FROM member_keys")
        assert not {adas, bens} & {bytes(row["wrapped"]) for row in cursor}
    store.record([switched()], [keys.destroy(ada)])
    assert keys.of([ada, ben]) == {ben: bens}


def test_a_member_has_one_key_only(store: EventStore) -> None:
    keys, ada = MemberKeys(store, KeyEncryptionKey(b"s" * 32)), uuid4()
    first, keep = keys.new(ada)
    store.record([switched()], [keep])
    with pytest.raises(Conflict):
        store.record([switched()], [keys.new(ada)[1]])
    assert keys.of([ada]) == {ada: first}


def test_keys_wrapped_by_another_kek_are_not_opened(store: EventStore) -> None:
    ada = uuid4()
    store.record([switched()], [MemberKeys(store, KeyEncryptionKey(b"s" * 32)).new(ada)[1]])
    with pytest.raises(InvalidTag):
        MemberKeys(store, KeyEncryptionKey(b"t" * 32)).of([ada])
