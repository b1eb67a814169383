"""The key-encryption key: it wraps data keys and does nothing else, so that a KMS can take its place.

Here it is a file, one base64 key of 32 bytes a line. The first is current; the others are retired: they still open what they
wrapped. To rotate, a new line goes on top, `python -m services.NAME keys rewrap` wraps everything under it, and then the
retired ones may go.
"""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.private_files import UnusableKeyFile, read_private
from shared.store.sealing import seal, unseal

KEY_BYTES = 32


class UnknownKey(Exception):
    """Something is wrapped under a key that isn't there: it was taken away before everything was wrapped anew."""


class KeyEncryption(Protocol):
    """What is asked of a key store. Each call may go over a network: no call is made for each text, only for each key."""

    @property
    def id(self) -> str:
        """The current key's."""

    def wrap(self, key: bytes, belongs_to: str) -> tuple[str, bytes]:
        """The key wrapped under the current one, and that one's id."""

    def unwrap(self, kek_id: str, wrapped: bytes, belongs_to: str) -> bytes:
        """Raises UnknownKey, and InvalidTag for what was wrapped for something else."""


class LocalKey:
    """One line: an id that tells nothing of the secret, and the key that wraps."""

    def __init__(self, secret: bytes) -> None:
        self.id = base64.urlsafe_b64encode(_derived(secret, "id"))[:8].decode()
        self.wrapping = _derived(secret, "wrap")


@dataclass(frozen=True)
class _Held:
    """The file as it was read, and what tells whether it is another one by now."""

    version: tuple[int, int, int]
    current: LocalKey
    keys: dict[str, LocalKey]


class KeyFile:
    """KeyEncryption by a file. Making one reads it; it is read again when it was replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held = _read(path)

    @property
    def id(self) -> str:
        return self._now().current.id

    def wrap(self, key: bytes, belongs_to: str) -> tuple[str, bytes]:
        current = self._now().current
        return current.id, seal(current.wrapping, key, belongs_to)

    def unwrap(self, kek_id: str, wrapped: bytes, belongs_to: str) -> bytes:
        found = self._held.keys.get(kek_id) or self._now().keys.get(kek_id)
        if found is None:
            raise UnknownKey(f"{self._path} has no key {kek_id}, which wrapped {belongs_to}: put its line back")
        return unseal(found.wrapping, wrapped, belongs_to)

    def _now(self) -> _Held:
        """Whoever wraps looks each time: nothing may be wrapped under a key that was retired a moment ago."""
        if _version(self._path) != self._held.version:
            self._held = _read(self._path)
        return self._held


def _read(path: Path) -> _Held:
    version = _version(path)
    lines = [line.strip() for line in read_private(path).splitlines()]
    keys = [LocalKey(_secret(path, number, line)) for number, line in enumerate(lines, 1) if line]
    if not keys:
        raise UnusableKeyFile(f"{path} holds no key")
    return _Held(version, keys[0], {key.id: key for key in keys})


def _version(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _secret(path: Path, number: int, line: str) -> bytes:
    try:
        secret = base64.b64decode(line, validate=True)
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise UnusableKeyFile(f"{path}: line {number} is not {KEY_BYTES} bytes in base64") from None
    return secret


def _derived(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, None, f"alongside {purpose}".encode()).derive(secret)
