"""Texts under the key of who asked, member or pseudonym; a supporter's under their own key too, so that the erasure of either
ends it."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from shared.store.sealing import place, seal, unseal


def seal_text(key: bytes, request: UUID, version: int, text: str) -> bytes:
    return seal(key, text.encode(), place("support", request, version, "text"))


def unseal_text(key: bytes, request: UUID, version: int, sealed: bytes) -> str:
    return unseal(key, sealed, place("support", request, version, "text")).decode()


def seal_answer(key: bytes, supporter_key: bytes, request: UUID, version: int, text: str) -> bytes:
    return seal(supporter_key, seal_text(key, request, version, text), place("support", request, version, "answer"))


def unseal_answer(key: bytes, supporter_key: bytes, request: UUID, version: int, sealed: bytes) -> str:
    inner = unseal(supporter_key, sealed, place("support", request, version, "answer"))
    return unseal_text(key, request, version, inner)


def seal_recused(key: bytes, request: UUID, recused: Collection[UUID]) -> bytes:
    """Padded, so that its length doesn't tell how many they are."""
    listed = msgspec.json.encode(sorted(recused))
    return seal(key, listed.ljust(-(-len(listed) // ROOM) * ROOM), place("support", request, 1, "recused"))


def unseal_recused(key: bytes, request: UUID, sealed: bytes) -> frozenset[UUID]:
    return msgspec.json.decode(unseal(key, sealed, place("support", request, 1, "recused")), type=frozenset[UUID])


ROOM = 4096
"""Bytes: about a hundred people above and below somebody."""
