"""Who is calling: a person's token with roles, a program's with scopes, or a program's API key."""

from shared.auth.callers import ROLES, SCOPES, Caller, Kind, Scope, unauthorized
from shared.auth.issuer_keys import IssuerKeys
from shared.auth.tokens import LOCAL_ISSUER, Tokens

__all__ = ["LOCAL_ISSUER", "ROLES", "SCOPES", "Caller", "IssuerKeys", "Kind", "Scope", "Tokens", "unauthorized"]
