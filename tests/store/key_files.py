"""Key files of the tests' own."""

from __future__ import annotations

import base64
from pathlib import Path

from deploy.layout import write_private
from shared.store.key_encryption import KeyFile

OLD, NEW, ELSE = b"o" * 32, b"n" * 32, b"e" * 32


def write_keys(path: Path, *secrets: bytes) -> Path:
    """In one step, as a rotation does it; the first is current."""
    write_private(path, "".join(f"{base64.b64encode(secret).decode()}\n" for secret in secrets))
    return path


def key_file(path: Path, *secrets: bytes) -> KeyFile:
    return KeyFile(write_keys(path, *secrets))
