"""Texts are sealed field by field: AES-256-GCM (NIST SP 800-38D), a random 96-bit nonce in front of the ciphertext.

What a ciphertext belongs to is its associated data, so that it can't be moved to another record, version or field.
"""

import secrets
from typing import Any
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.observability import UNREADABLE

log = structlog.get_logger()

NONCE_BYTES = 12


def place(service: str, aggregate: UUID, version: int, field: str) -> str:
    """Where a sealed text stands: in this field of that event, by its aggregate and version. A row's copy of it stands there
    too, so an older text can't be put in the place of a newer one."""
    return f"{service}/{aggregate}/{version}/{field}"


def seal(key: bytes, plaintext: bytes, belongs_to: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, belongs_to.encode())


def unseal(key: bytes, sealed: bytes, belongs_to: str) -> bytes:
    """Raises cryptography's InvalidTag for the wrong key, a changed text or another place."""
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], belongs_to.encode())


def opened(key: bytes, sealed: bytes, belongs_to: str) -> bytes | None:
    """What is to be shown; None where it can't be opened, which is logged with its place and counted: a text that somebody
    changed must not keep the rest from who may read it."""
    try:
        return unseal(key, sealed, belongs_to)
    except (InvalidTag, ValueError):
        log.error("text.unreadable", place=belongs_to)
        UNREADABLE.labels(belongs_to.partition("/")[0]).inc()
        return None


def shown(field: str, text: bytes | None) -> dict[str, Any]:
    """A text in an answer, by its field, as it was `opened`."""
    return {field: text.decode()} if text is not None else {field: None, "unreadable": True}
