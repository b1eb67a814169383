"""What tells a sheet's team is sealed at rest, under a key of its survey, and padded: a length would tell a team.

Comments are sealed under another key of the survey. Nobody's own: whose a comment is, is not known.
"""

from uuid import UUID

import msgspec

from services.evaluation.domain import Sheet
from shared.store.encryption import DataKeys
from shared.store.sealing import place, seal, unseal

ROOM = 256
"""Sealed texts are of a multiple of this many bytes, whatever is in them."""


class Seals:
    """Opens and closes what waits, and comments for good."""

    def __init__(self, keys: DataKeys) -> None:
        self._keys = keys

    def prepare(self, survey: UUID) -> None:
        """Makes the survey's keys when it is opened: a key's row of a later time would tell when somebody first commented."""
        self._sheets_key(survey)
        self._comments_key(survey)

    def team(self, survey: UUID, token_hash: bytes, team: str) -> bytes:
        """The team a token counts in, to be kept beside its hash."""
        return seal(self._sheets_key(survey), _padded(team.encode()), _waiting(survey, f"team of {token_hash.hex()}"))

    def team_of(self, survey: UUID, token_hash: bytes, sealed: bytes) -> str:
        return unseal(self._sheets_key(survey), sealed, _waiting(survey, f"team of {token_hash.hex()}")).decode().rstrip()

    def sheet(self, survey: UUID, sheet: Sheet) -> bytes:
        """Another text each time, so that a sheet isn't recognised where it is sealed anew."""
        return seal(self._sheets_key(survey), _padded(msgspec.json.encode(sheet)), _waiting(survey, "sheet"))

    def sheet_of(self, survey: UUID, sealed: bytes) -> Sheet:
        return msgspec.json.decode(unseal(self._sheets_key(survey), sealed, _waiting(survey, "sheet")), type=Sheet)

    def waiting_comment(self, survey: UUID, text: str) -> bytes:
        return seal(self._comments_key(survey), text.encode(), _waiting(survey, "comment"))

    def moved_comment(self, survey: UUID, comment: UUID, waiting: bytes) -> bytes:
        """Sealed anew for the event it becomes, so that it isn't recognised as what waited."""
        key = self._comments_key(survey)
        return seal(key, unseal(key, waiting, _waiting(survey, "comment")), _moved(comment))

    def comment(self, survey: UUID, comment: UUID, sealed: bytes) -> str:
        return unseal(self._comments_key(survey), sealed, _moved(comment)).decode()

    def _sheets_key(self, survey: UUID) -> bytes:
        return self._keys.of(f"sheets of {survey}")

    def _comments_key(self, survey: UUID) -> bytes:
        return self._keys.of(f"comments of {survey}")


def _waiting(survey: UUID, what: str) -> str:
    return f"evaluation/{survey}/waiting/{what}"


def _moved(comment: UUID) -> str:
    return place("evaluation", comment, 1, "text")


def _padded(text: bytes) -> bytes:
    return text.ljust(-(-len(text) // ROOM) * ROOM)
