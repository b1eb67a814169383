"""What tells a sheet's team is sealed at rest, under a key of its survey, and padded: a length would tell a team."""

from uuid import UUID

import msgspec

from services.evaluation.domain import Sheet
from shared.store.encryption import KeyEncryptionKey, seal, unseal

ROOM = 256
"""Sealed texts are of a multiple of this many bytes, whatever is in them."""


class Seals:
    """Opens and closes what waits, with keys derived from the one in the key file."""

    def __init__(self, kek: KeyEncryptionKey) -> None:
        self._kek = kek

    def team(self, survey: UUID, token_hash: bytes, team: str) -> bytes:
        """The team a token counts in, to be kept beside its hash."""
        return seal(self._key(survey), _padded(team.encode()), token_hash.hex())

    def team_of(self, survey: UUID, token_hash: bytes, sealed: bytes) -> str:
        return unseal(self._key(survey), sealed, token_hash.hex()).decode().rstrip()

    def sheet(self, survey: UUID, sheet: Sheet) -> bytes:
        """Another text each time, so that a sheet isn't recognised where it is sealed anew."""
        return seal(self._key(survey), _padded(msgspec.json.encode(sheet)), "sheet")

    def sheet_of(self, survey: UUID, sealed: bytes) -> Sheet:
        return msgspec.json.decode(unseal(self._key(survey), sealed, "sheet"), type=Sheet)

    def comments_key(self, survey: UUID) -> bytes:
        """The key of one survey's comments. Nobody's own: whose a comment is, is not known."""
        return self._kek.key_for(f"comments of survey {survey}")

    def _key(self, survey: UUID) -> bytes:
        return self._kek.key_for(f"cells {survey}")


def _padded(text: bytes) -> bytes:
    return text.ljust(-(-len(text) // ROOM) * ROOM)
