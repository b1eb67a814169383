"""An issuer whose clock, keys and claims a test has in hand; its public keys lie in a file, as a service reads them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.auth import LOCAL_ISSUER
from shared.auth.tokens import AUDIENCE
from shared.clock import Clock

LIFE = timedelta(hours=1)


@dataclass
class Issuer:
    """Signs with the newest of its keys."""

    file: Path
    clock: Clock
    name: str = LOCAL_ISSUER
    keys: list[OKPKey] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.add_key()

    def add_key(self) -> str:
        """A new key, from now on signed with; the old ones stay published."""
        self.keys.append(OKPKey.generate_key("Ed25519", {"alg": "Ed25519", "use": "sig"}, auto_kid=True))
        self.publish()
        return self.keys[-1].kid or ""

    def withdraw_oldest(self) -> None:
        del self.keys[0]
        self.publish()

    def publish(self) -> None:
        self.file.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}))

    def token(
        self, subject: str, roles: Collection[str] = (), scopes: Collection[str] = (), life: timedelta = LIFE, **more: Any
    ) -> str:
        now = self.clock()
        claims = {"iss": self.name, "aud": AUDIENCE, "sub": subject, "roles": sorted(roles), "scopes": sorted(scopes)}
        times = {"iat": int(now.timestamp()), "exp": int((now + life).timestamp())}
        key = self.keys[-1]
        return jwt.encode({"alg": "Ed25519", "kid": key.kid}, claims | times | more, key, algorithms=["Ed25519"])
