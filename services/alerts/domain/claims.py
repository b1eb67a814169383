"""The claim link's token: one supporter's right to answer one offer, without an account at hand.

It is stateless: the supporter, the offer's sequence, and an HMAC-SHA256 over both and the alert (RFC 2104). It says
nothing of whom the alert is about, and is worth nothing for any other alert.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

ID_BYTES, SEQUENCE_BYTES = 16, 4
OPEN_END = "?token="


@dataclass(frozen=True)
class Claim:
    alert: UUID
    supporter: UUID
    sequence: int


@dataclass(frozen=True)
class ClaimLinks:
    """Makes links and checks what comes back. `base_url` is the address under which supporters reach the API."""

    base_url: str
    key: bytes

    def open_url(self, alert: UUID) -> str:
        """The link without its token: what is kept until it is sent gives nobody a right."""
        return f"{self.base_url.rstrip('/')}/alerts/{alert}/claim{OPEN_END}"

    def completed(self, body: bytes, claim: Claim) -> bytes:
        """With the token at the end of the open link in it: the same bytes each time."""
        before, mark, after = body.rpartition(OPEN_END.encode())
        return before + mark + self.token(claim).encode() + after

    def token(self, claim: Claim) -> str:
        content = claim.supporter.bytes + claim.sequence.to_bytes(SEQUENCE_BYTES, "big")
        return base64.urlsafe_b64encode(content + self._mac(claim.alert, content)).decode().rstrip("=")

    def claim(self, alert: UUID, token: str) -> Claim | None:
        """What the token claims of this alert; None where it isn't ours or belongs to another."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            return None
        content, mac = raw[: ID_BYTES + SEQUENCE_BYTES], raw[ID_BYTES + SEQUENCE_BYTES :]
        if not hmac.compare_digest(mac, self._mac(alert, content)):
            return None
        return Claim(alert, UUID(bytes=content[:ID_BYTES]), int.from_bytes(content[ID_BYTES:], "big"))

    def _mac(self, alert: UUID, content: bytes) -> bytes:
        return hmac.new(self.key, b"claim" + alert.bytes + content, hashlib.sha256).digest()
