from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from shared.private_files import UnusableKeyFile
from shared.store.key_encryption import KeyEncryption, KeyFile, UnknownKey
from tests.store.key_files import ELSE, NEW, OLD, key_file, write_keys

KEY = b"k" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kek"


@given(key=st.binary(min_size=1, max_size=64), owner=st.text(max_size=60), secret=st.binary(min_size=32, max_size=32))
def test_what_was_wrapped_is_unwrapped_for_whom_it_was(
    tmp_path_factory: pytest.TempPathFactory, key: bytes, owner: str, secret: bytes
) -> None:
    kek: KeyEncryption = key_file(tmp_path_factory.getbasetemp() / "any", secret)
    kek_id, wrapped = kek.wrap(key, owner)
    assert (kek_id, kek.unwrap(kek_id, wrapped, owner)) == (kek.id, key)
    assert key not in wrapped or len(key) < 4


def test_a_wrapped_key_is_bound_to_whom_it_is_for_and_to_the_key_that_wrapped_it(path: Path) -> None:
    kek = key_file(path, NEW, OLD)
    kek_id, wrapped = kek.wrap(KEY, "checkins/member_keys/ada")
    for under, owner in ((kek_id, "checkins/member_keys/ben"), (kek_id, "alerts/member_keys/ada"), (old_id(path), "ada")):
        with pytest.raises(InvalidTag):
            kek.unwrap(under, wrapped, owner)


def test_the_first_line_wraps_and_every_line_opens(path: Path) -> None:
    under_old = key_file(path, OLD).wrap(KEY, "ada")
    rotated = key_file(path, NEW, OLD)
    under_new = rotated.wrap(KEY, "ada")
    assert under_new[0] == rotated.id != under_old[0]
    assert {rotated.unwrap(kek_id, wrapped, "ada") for kek_id, wrapped in (under_old, under_new)} == {KEY}


def test_a_running_process_wraps_under_the_new_key_as_soon_as_it_is_in_the_file(path: Path) -> None:
    running = key_file(path, OLD)
    before, _ = running.wrap(KEY, "ada")
    write_keys(path, NEW, OLD)
    assert running.wrap(KEY, "ada")[0] == running.id != before


def test_a_running_process_opens_what_another_wrapped_under_a_new_key(path: Path) -> None:
    running = key_file(path, OLD)
    kek_id, wrapped = key_file(path, NEW, OLD).wrap(KEY, "ada")
    assert running.unwrap(kek_id, wrapped, "ada") == KEY


def test_a_key_that_was_taken_away_is_named_and_what_it_wrapped_too(path: Path) -> None:
    kek_id, wrapped = key_file(path, OLD).wrap(KEY, "checkins/member_keys/ada")
    without = key_file(path, NEW)
    with pytest.raises(UnknownKey, match=f"{kek_id}.*checkins/member_keys/ada"):
        without.unwrap(kek_id, wrapped, "checkins/member_keys/ada")
    write_keys(path, NEW, OLD)
    assert without.unwrap(kek_id, wrapped, "checkins/member_keys/ada") == KEY


def test_an_id_tells_keys_apart_is_the_same_at_every_start_and_tells_nothing_of_the_secret(path: Path) -> None:
    ids = [key_file(path, secret).id for secret in (OLD, NEW, ELSE, OLD)]
    assert len(set(ids)) == 3
    assert ids[0] == ids[3]
    assert all(len(one) == 8 and one not in base64.urlsafe_b64encode(OLD).decode() for one in ids)


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o666, 0o602])
def test_a_file_that_everybody_can_open_is_refused(path: Path, mode: int) -> None:
    write_keys(path, OLD).chmod(mode)
    with pytest.raises(UnusableKeyFile, match=f"{path}.*{mode:04o}"):
        KeyFile(path)


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o440, 0o640])
def test_a_file_of_ours_or_of_our_group_is_read(path: Path, mode: int) -> None:
    write_keys(path, OLD).chmod(mode)
    assert KeyFile(path).id


@pytest.mark.parametrize("text", ["", "\n\n", "c3NzcwNzc3M=\n", "no base64!\n", "\N{SNOWMAN}\n"])
def test_a_file_without_a_key_of_32_bytes_is_refused_without_telling_what_is_in_it(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    with pytest.raises(UnusableKeyFile) as refused:
        KeyFile(path)
    assert str(path) in str(refused.value)
    assert not text.strip() or text.strip() not in str(refused.value)


def old_id(path: Path) -> str:
    return KeyFile(write_keys(path.with_name("old"), OLD)).id
