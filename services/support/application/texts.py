"""Texts under the key of who asked, member or pseudonym; a supporter's under their own key too, so that the erasure of either
ends it."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from shared.store.sealing import opened, place, seal


def seal_text(key: bytes, request: UUID, version: int, text: str) -> bytes:
    return seal(key, text.encode(), place("support", request, version, "text"))


def unseal_text(key: bytes, request: UUID, version: int, sealed: bytes) -> bytes | None:
    """None where somebody changed it, as of an answer."""
    return opened(key, sealed, place("support", request, version, "text"))


def seal_answer(key: bytes, supporter_key: bytes, request: UUID, version: int, text: str) -> bytes:
    return seal(supporter_key, seal_text(key, request, version, text), place("support", request, version, "answer"))


def unseal_answer(key: bytes, supporter_key: bytes, request: UUID, version: int, sealed: bytes) -> bytes | None:
    inner = opened(supporter_key, sealed, place("support", request, version, "answer"))
    return unseal_text(key, request, version, inner) if inner is not None else None


def seal_recused(key: bytes, request: UUID, recused: Collection[UUID]) -> bytes:
    """Padded, so that its length doesn't tell how many they are."""
    listed = msgspec.json.encode(sorted(recused))
    return seal(key, listed.ljust(-(-len(listed) // ROOM) * ROOM), place("support", request, 1, "recused"))


def unseal_recused(key: bytes, request: UUID, sealed: bytes) -> frozenset[UUID] | None:
    """None where somebody changed it: it isn't known then who must not read the request."""
    listed = opened(key, sealed, place("support", request, 1, "recused"))
    return msgspec.json.decode(listed, type=frozenset[UUID]) if listed is not None else None


ROOM = 4096
"""Bytes: about a hundred people above and below somebody."""
