"""A caller, and the closed lists of what one can have: roles for people, scopes for programs."""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from shared.errors import Problem, forbidden

PLAIN_CODE = re.compile("[a-z]{1,20}:[a-z0-9-]{1,40}")
LOCAL_ISSUER = "alongside-local"
ROLES = frozenset(
    {"member", "supporter", "facilitator", "clinical_lead", "evaluator", "manager", "ops", "admin"},
)
PEOPLE = ROLES - {"ops", "admin"}
"""Whoever has one of these is a member too: what a member does for themselves, each of them does for themselves. Who runs the
system does that with a token of their own."""

PEOPLE_AND_ADMIN = PEOPLE | {"admin"}
"""Whoever does something for themselves, and who does it for them."""


class Scope(StrEnum):
    """What a program may be let do; each is a route's, and there are no others."""

    MEMBERS_WRITE = "members:write"
    CHECK_INS_WRITE = "check-ins:write"
    FLAGS_WRITE = "flags:write"
    KUDOS_WRITE = "kudos:write"
    SURVEYS_WRITE = "surveys:write"
    EVENTS_WRITE = "events:write"
    ALERTS_READ = "alerts:read"


SCOPES = frozenset(scope.value for scope in Scope)


class Kind(StrEnum):
    PERSON = "person"
    PROGRAM = "program"
    API_KEY = "key"
    CLAIM_LINK = "claim"


@dataclass(frozen=True)
class Caller:
    """`member` is the person's own id; None for a program and for a person who isn't a member."""

    subject: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    member: UUID | None = None
    kind: Kind = Kind.PERSON

    @property
    def identity(self) -> str:
        """Whose rate and whose Idempotency-Keys these are: a program that is named like a person isn't that person."""
        return f"{self.kind} {self.subject}"

    @property
    def attributed(self) -> str:
        """Who did something, as it is written down: a person's member id; a plain code such as `ops:local` as it is; anything
        else as a hash, since an issuer's `sub` may be a name or an address of mail. Who knows the subject knows it again."""
        if self.member:
            return str(self.member)
        if PLAIN_CODE.fullmatch(self.subject):
            return self.subject
        return f"sub-sha256:{hashlib.sha256(self.subject.encode()).hexdigest()[:32]}"

    def may(self, roles: Collection[str], scopes: Collection[str]) -> bool:
        return not self.roles.isdisjoint(roles) or not self.scopes.isdisjoint(scopes)

    def require_acting_for(self, member: UUID) -> None:
        """A person may act for themselves only; a program and an admin for anyone. Raises a 403 Problem."""
        if self.member != member and "admin" not in self.roles and not self.scopes:
            raise forbidden("This token is another person's.")


def unauthorized(detail: str) -> Problem:
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})
