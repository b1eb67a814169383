"""A program's API key: `ak_ID_SECRET`. The id is looked up; of the rest only a hash is kept.

SHA-256 is enough for a secret of 256 random bits: nobody guesses one, however fast they hash.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from shared.auth.callers import Caller, Kind, unauthorized

PREFIX = "ak_"
FORM = re.compile(r"ak_([0-9a-f]{16})_[0-9a-f]{64}", re.ASCII)
NOBODYS = bytes(32)
"""Compared with where no key has the id, so that an unknown id takes as long as a wrong secret."""


@dataclass(frozen=True)
class LiveKey:
    """One that wasn't revoked; it may have expired."""

    id: str
    hash: bytes
    scopes: frozenset[str]
    expires_at: datetime


def new_key() -> tuple[str, str]:
    """An id, and the whole key with it."""
    id_ = secrets.token_hex(8)
    return id_, f"{PREFIX}{id_}_{secrets.token_hex(32)}"


def hash_of(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def id_in(key: str) -> str:
    """Raises a 401 Problem for what isn't an API key."""
    found = FORM.fullmatch(key)
    if found is None:
        raise unauthorized("The API key isn't valid here.")
    return found[1]


def caller_of(key: str, known: LiveKey | None, now: datetime) -> Caller:
    """Raises a 401 Problem for a wrong, an unknown and an expired key."""
    matches = hmac.compare_digest(hash_of(key), known.hash if known else NOBODYS)
    if known is None or not matches or known.expires_at <= now:
        raise unauthorized("The API key isn't valid here.")
    return Caller(f"key:{known.id}", frozenset(), known.scopes, None, Kind.API_KEY)
