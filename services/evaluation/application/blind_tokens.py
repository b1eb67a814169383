"""Unissued tokens, in this process's memory and nowhere else.

Their hashes are stored before anybody draws them, a batch at a time, so drawing changes nothing there. What a process
hadn't issued when it ended stays a hash that nobody's token has.
"""

import hashlib
import secrets
from uuid import UUID

from services.evaluation.application.sealing import Seals
from services.evaluation.views import surveys, tokens
from shared.store.event_store import EventStore

SMALLEST_BATCH = 50
"""Tokens made at once for one team of one survey, however small the team is; else one for each member of it."""


def hash_of(token: str) -> bytes:
    """A token has 256 random bits, so its hash needs no salt."""
    return hashlib.sha256(token.encode()).digest()


class TokenPool:
    def __init__(self, store: EventStore, seals: Seals) -> None:
        self._store = store
        self._seals = seals
        self._unissued: dict[tuple[UUID, str], list[str]] = {}

    def take(self, survey: UUID, team: str) -> str:
        """A token that counts in this team's cell, and is nobody else's."""
        unissued = self._unissued.setdefault((survey, team), [])
        if not unissued:
            count = max(SMALLEST_BATCH, surveys.team_sizes(self._store).get(team, 0))
            fresh = [secrets.token_urlsafe(32) for _ in range(count)]
            hashes = [hash_of(token) for token in fresh]
            tokens.add_hashes(self._store, survey, {one: self._seals.team(survey, one, team) for one in hashes})
            unissued += fresh
        return unissued.pop()
