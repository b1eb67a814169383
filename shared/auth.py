"""Who is calling: bearer tokens, checked against a JWKS. A person's has roles, a program's has scopes."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.errors import Problem, forbidden

ROLES = frozenset(
    {"member", "supporter", "facilitator", "clinical_lead", "evaluator", "manager", "ops", "admin"},
)
AUDIENCE = "alongside"
ALGORITHMS = ["Ed25519", "EdDSA", "RS256", "ES256"]
REMEMBERED_TOKENS = 10_000


@dataclass(frozen=True)
class Caller:
    """`member` is the person's own id; None for a program and for a person who isn't a member."""

    subject: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    member: UUID | None = None

    def may(self, roles: Collection[str], scopes: Collection[str]) -> bool:
        return not self.roles.isdisjoint(roles) or not self.scopes.isdisjoint(scopes)

    def require_acting_for(self, member: UUID) -> None:
        """A person may act for themselves only; a program and an admin for anyone. Raises a 403 Problem."""
        if self.member != member and "admin" not in self.roles and not self.scopes:
            raise forbidden("This token is another person's.")


class Tokens:
    """Checks bearer tokens. A checked token is remembered until it expires, since a signature costs more than a look-up."""

    def __init__(self, jwks: Path) -> None:
        self._jwks = jwks
        self._keys: KeySet | None = None
        self._known: dict[str, tuple[Caller, float]] = {}
        self._claims = jwt.JWTClaimsRegistry(
            exp={"essential": True}, aud={"essential": True, "value": AUDIENCE}, sub={"essential": True}
        )

    def caller(self, authorization: str | None) -> Caller:
        """The caller behind an Authorization header. Raises a 401 Problem for none, a wrong or an expired token."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized("A bearer token is needed.")
        caller, expires = self._known.get(token) or self._check(token.strip())
        if expires <= time.time():
            raise unauthorized("The token has expired.")
        return caller

    def _check(self, token: str) -> tuple[Caller, float]:
        try:
            claims = jwt.decode(token, self._key_set(), algorithms=ALGORITHMS).claims
            self._claims.validate(claims)
            known = (_caller(claims), float(claims["exp"]))
        except (JoseError, ValueError, TypeError, KeyError, OverflowError) as wrong:
            raise unauthorized("The token isn't valid here.") from wrong
        if len(self._known) >= REMEMBERED_TOKENS:
            self._known.clear()
        self._known[token] = known
        return known

    def _key_set(self) -> KeySet:
        if self._keys is None:
            self._keys = KeySet.import_key_set(msgspec.json.decode(self._jwks.read_bytes()))
        return self._keys


def unauthorized(detail: str) -> Problem:
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})


def _caller(claims: dict[str, object]) -> Caller:
    subject = str(claims["sub"])
    roles, scopes = claims.get("roles") or [], claims.get("scopes") or []
    if not isinstance(roles, list) or not isinstance(scopes, list):
        raise TypeError("roles and scopes are lists")
    return Caller(subject, frozenset(map(str, roles)) & ROLES, frozenset(map(str, scopes)), _uuid(subject))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
