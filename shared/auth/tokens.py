"""OIDC tokens, checked against the issuer's keys. A person's has roles, a program's has scopes, none has both."""

import asyncio
import base64
import math
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError

from shared.auth.callers import LOCAL_ISSUER, ROLES, SCOPES, Caller, Kind, unauthorized
from shared.auth.issuer_keys import IssuerKeys
from shared.clock import Clock, utc_now

AUDIENCE = "alongside"
ALGORITHMS = ["Ed25519", "EdDSA", "RS256", "ES256"]
LEEWAY = timedelta(seconds=30)
"""How far an issuer's clock may be ahead of ours (`nbf`, `iat`). An end is an end: `exp` has none."""

REMEMBERED_TOKENS = 10_000
LONGEST_TOKEN = 8_192


class Tokens:
    """Checks bearer tokens. A checked token is remembered until it expires, since a signature costs more than a look-up, or
    until the issuer's keys change."""

    def __init__(self, jwks: Path | str, issuer: str = LOCAL_ISSUER, clock: Clock = utc_now) -> None:
        self._keys = IssuerKeys(jwks, clock)
        self._keys.changed = self._forget
        self._issuer = issuer
        self._clock = clock
        self._known: dict[str, tuple[Caller, float]] = {}

    async def caller(self, token: str) -> Caller:
        """Whose token it is. Raises a 401 Problem for a wrong or an expired one, a 503 while the keys were never read."""
        if self._keys.are_due():
            await asyncio.to_thread(self._keys.read)
        caller, expires = self._known.get(token) or await self._check(token)
        if expires <= self._clock().timestamp():
            raise unauthorized("The token has expired.")
        return caller

    async def _check(self, token: str) -> tuple[Caller, float]:
        try:
            kid = _key_named_in(token)
            if self._keys.are_due(kid):
                await asyncio.to_thread(self._keys.read, kid)
            known = self._verified(token, kid)
        except (JoseError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as wrong:
            raise unauthorized("The token isn't valid here.") from wrong
        if len(self._known) >= REMEMBERED_TOKENS:
            self._known.clear()
        self._known[token] = known
        return known

    def _verified(self, token: str, kid: str) -> tuple[Caller, float]:
        key = self._keys.get(kid)
        if key is None:
            raise ValueError("a key that the issuer doesn't have")
        decoded = jwt.decode(token, key, algorithms=ALGORITHMS)
        if key.get("alg", decoded.header["alg"]) != decoded.header["alg"]:
            raise ValueError("the key is for another algorithm")
        return _caller(decoded.claims), self._valid_until(decoded.claims)

    def _valid_until(self, claims: dict[str, Any]) -> float:
        """Raises where this isn't our issuer's token, for us, and of now."""
        audiences = [claims["aud"]] if isinstance(claims["aud"], str) else list(claims["aud"])
        latest = (self._clock() + LEEWAY).timestamp()
        issued, begins, ends = _time(claims["iat"]), _time(claims.get("nbf", 0)), _time(claims["exp"])
        if claims["iss"] != self._issuer or AUDIENCE not in audiences:
            raise ValueError("another issuer's, or for somebody else")
        if not (issued <= latest and begins <= latest and issued < ends):
            raise ValueError("not yet, or never")
        return ends

    def _forget(self) -> None:
        self._known.clear()


def _key_named_in(token: str) -> str:
    """The `kid` of the header, not verified yet. Raises ValueError where there is none."""
    if len(token) > LONGEST_TOKEN:
        raise ValueError("too long for a token")
    header = token.partition(".")[0]
    kid = msgspec.json.decode(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]
    if not isinstance(kid, str):
        raise TypeError("a key's name is a text")
    return kid


def _time(seconds: object) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError("a time is a number of seconds")
    if not math.isfinite(seconds):
        raise ValueError("a time has an end")
    return float(seconds)


def _caller(claims: dict[str, Any]) -> Caller:
    """Roles and scopes that there aren't are worth nothing. Raises where one token would be a person's and a program's."""
    subject = claims["sub"]
    roles, scopes = claims.get("roles") or [], claims.get("scopes") or []
    if not (isinstance(subject, str) and subject and isinstance(roles, list) and isinstance(scopes, list)):
        raise TypeError("sub is a text, roles and scopes are lists")
    if roles and scopes:
        raise ValueError("a person has roles, a program has scopes")
    if scopes:
        return Caller(subject, frozenset(), frozenset(map(str, scopes)) & SCOPES, None, Kind.PROGRAM)
    return Caller(subject, frozenset(map(str, roles)) & ROLES, frozenset(), _uuid(subject))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
