"""Standard Webhooks headers: one `webhook-id` for a message, the attempt's timestamp, and two signatures of both.

`v1` is HMAC-SHA256 with the endpoint's `whsec_` secret, `v1a` ed25519 whose `whpk_` public key the endpoint was given;
both over `id.timestamp.body`.
"""

import base64
import hashlib
import hmac
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def headers(webhook_id: UUID, at: datetime, body: bytes, secret: bytes, signing_key: bytes) -> dict[str, str]:
    """The headers of one attempt made `at`."""
    timestamp = str(int(at.timestamp()))
    content = b".".join((str(webhook_id).encode(), timestamp.encode(), body))
    symmetric = hmac.new(secret, content, hashlib.sha256).digest()
    asymmetric = Ed25519PrivateKey.from_private_bytes(signing_key).sign(content)
    return {
        "content-type": "application/json",
        "webhook-id": str(webhook_id),
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{_base64(symmetric)} v1a,{_base64(asymmetric)}",
    }


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
