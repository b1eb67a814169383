from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from deploy import CannotStart, Keys


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    keys = Keys(tmp_path)
    keys.make()
    return keys


def test_a_token_is_verified_by_the_public_keys_alone(keys: Keys) -> None:
    public = KeySet.import_key_set(json.loads((keys.folder / "jwks.json").read_text()))
    assert not any(key.is_private for key in public)
    member = str(uuid4())
    claims = jwt.decode(keys.persons_token("supporter", member), public, algorithms=["Ed25519"]).claims
    assert (claims["sub"], claims["roles"], claims["iss"], claims["aud"]) == (
        member,
        ["supporter"],
        "alongside-local",
        "alongside",
    )
    assert claims["exp"] - claims["iat"] == 24 * 3600


def test_keys_that_exist_are_never_replaced(keys: Keys) -> None:
    before = {file.name: file.read_bytes() for file in keys.folder.iterdir()}
    keys.make()
    assert {file.name: file.read_bytes() for file in keys.folder.iterdir()} == before


def test_a_rotation_puts_a_new_key_before_those_there_are_and_changes_nothing_else(keys: Keys) -> None:
    before = {file.name: file.read_text() for file in keys.folder.iterdir()}
    keys.rotate()
    keys.rotate()
    after = {file.name: file.read_text() for file in keys.folder.iterdir()}
    newest, newer, oldest = after.pop("kek").split()
    assert oldest == before.pop("kek")
    assert len({newest, newer, oldest}) == 3
    assert after == before
    assert (keys.folder / "kek").stat().st_mode & 0o077 == 0


def test_there_is_nothing_to_rotate_before_there_are_keys(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="make up"):
        Keys(tmp_path).rotate()


def test_only_the_owner_reads_the_keys(keys: Keys) -> None:
    assert all(file.stat().st_mode & 0o077 == 0 for file in keys.folder.iterdir())


@pytest.mark.parametrize(("role", "member"), [("boss", "00000000-0000-0000-0000-000000000000"), ("supporter", "anna")])
def test_a_role_or_member_that_cannot_be_is_refused(keys: Keys, role: str, member: str) -> None:
    with pytest.raises(CannotStart, match=r"boss|anna"):
        keys.persons_token(role, member)


def test_a_token_without_keys_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="make up"):
        Keys(tmp_path).persons_token("member", str(uuid4()))
