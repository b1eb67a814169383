"""The local keys and the tokens signed with them. In production both come from elsewhere; the formats are the same."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import OKPKey

from deploy.failure import CannotStart
from deploy.layout import write_private

ALGORITHM = "Ed25519"  # RFC 9864; the older name EdDSA is deprecated
ISSUER, AUDIENCE = "alongside-local", "alongside"
LIFE_SECONDS = 24 * 3600
ROLES = ("member", "supporter", "facilitator", "clinical_lead", "evaluator", "manager", "ops", "admin")
SERVICE_SCOPES = (
    "members:write",
    "check-ins:write",
    "flags:write",
    "kudos:write",
    "surveys:write",
    "events:write",
    "alerts:read",
)


class Keys:
    """A folder of keys. What exists is never replaced: without the old `kek` nobody's text could be read again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self) -> None:
        for name in ("kek", "claim"):
            self._once(name, _secret())
        if not (self.folder / "issuer.json").exists():
            key = OKPKey.generate_key("Ed25519", {"alg": ALGORITHM, "use": "sig"}, auto_kid=True)
            self._once("issuer.json", json.dumps(key.as_dict(private=True)))
        public = self._issuer().as_dict(private=False)
        write_private(self.folder / "jwks.json", json.dumps({"keys": [public]}))

    def rotate(self) -> None:
        """A new first line in `kek`. The others stay until every service has wrapped its keys under it."""
        file = self.folder / "kek"
        if not file.exists():
            raise CannotStart(f"There is no kek in {self.folder} yet: run 'make up' first.")
        write_private(file, f"{_secret()}\n{file.read_text()}")

    def password(self) -> str:
        """PostgreSQL's: on a machine with several people, loopback alone keeps nobody out."""
        self._once("postgres", secrets.token_hex(16))
        return (self.folder / "postgres").read_text()

    def token(self, subject: str, roles: Iterable[str] = (), scopes: Iterable[str] = ()) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + LIFE_SECONDS}
        key = self._issuer()
        header = {"alg": ALGORITHM, "kid": key.kid}
        return jwt.encode(header, claims | {"roles": [*roles], "scopes": [*scopes]}, key, algorithms=[ALGORITHM])

    def local_tokens(self) -> dict[str, str]:
        return {
            "SERVICE_TOKEN": self.token("service:local", scopes=SERVICE_SCOPES),
            "ADMIN_TOKEN": self.token("admin:local", roles=["admin"]),
            "OPS_TOKEN": self.token("ops:local", roles=["ops"]),
        }

    def persons_token(self, role: str, member: str) -> str:
        if role not in ROLES:
            raise CannotStart(f"ROLE={role} is none of the roles: {', '.join(ROLES)}.")
        try:
            subject = str(UUID(member))
        except ValueError:
            raise CannotStart(f"MEMBER={member} is not a UUID; POST /members answers with one.") from None
        return self.token(subject, roles=[role])

    def _issuer(self) -> OKPKey:
        try:
            return OKPKey.import_key(json.loads((self.folder / "issuer.json").read_text()))
        except FileNotFoundError:
            raise CannotStart(f"There are no keys in {self.folder} yet: run 'make up' first.") from None

    def _once(self, name: str, text: str) -> None:
        if not (self.folder / name).exists():
            write_private(self.folder / name, text)


def _secret() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
