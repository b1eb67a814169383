"""Who is calling: a person's token with roles, a program's with scopes, or a program's API key."""

from typing import TYPE_CHECKING, Any

from shared.auth.callers import LOCAL_ISSUER, PEOPLE, PEOPLE_AND_ADMIN, ROLES, SCOPES, Caller, Kind, Scope, unauthorized

if TYPE_CHECKING:
    from shared.auth.tokens import Tokens

__all__ = ["LOCAL_ISSUER", "PEOPLE", "PEOPLE_AND_ADMIN", "ROLES", "SCOPES", "Caller", "Kind", "Scope", "Tokens", "unauthorized"]


def __getattr__(name: str) -> Any:
    """Only an API checks tokens: the other roles are back sooner without the library for it."""
    if name != "Tokens":
        raise AttributeError(name)
    from shared.auth.tokens import Tokens  # noqa: PLC0415 - as said

    return Tokens
