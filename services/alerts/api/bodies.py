"""The bodies that alerts takes, and what it says of a rota."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.alerts.application.staff import EnrolSupporter, RegisterEndpoint
from services.alerts.application.wishing import Block, DeclareConflict, SetPreferences
from services.alerts.domain.events import Ground
from services.alerts.domain.wishes import Kind
from shared.auth import Caller
from shared.errors import invalid
from shared.events.contract import Code
from shared.http.bodies import Body, Language


class SupporterBody(Body):
    member: UUID
    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=20)]
    skills: Annotated[tuple[Code, ...], Field(max_length=50)]
    weekly_hours: Annotated[float, Field(gt=0, le=168, allow_inf_nan=False, strict=True)] | None = None
    rota: Any = None

    def command(self) -> EnrolSupporter:
        """Raises a 422 Problem for a rota: to be asked outside it would be worse than to be refused here."""
        if self.rota is not None:
            raise invalid("/rota", "rotas aren't taken yet; a supporter without one is always on call")
        return EnrolSupporter(self.member, self.languages, self.skills, self.weekly_hours)


class EndpointBody(Body):
    supporter: UUID
    url: Annotated[str, Field(max_length=2_000)]

    def command(self, caller: Caller) -> RegisterEndpoint:
        return RegisterEndpoint(self.supporter, self.url, caller)


class DangerBody(Body):
    ground: Ground


class ConflictBody(Body):
    member: UUID
    other: Annotated[UUID, Field(alias="with")]
    kind: Kind = Kind.DECLARED

    def command(self, caller: Caller) -> DeclareConflict:
        return DeclareConflict(self.member, self.other, self.kind, caller)


class BlockBody(Body):
    member: UUID
    blocked: UUID

    def command(self, caller: Caller) -> Block:
        return Block(self.member, self.blocked, caller)


Supporters = Annotated[tuple[UUID, ...], Field(max_length=100, description="supporters, by their member ids")]


class PreferencesBody(Body):
    """All of it each time: it takes the place of what was said before."""

    chosen: Supporters
    vetoed: Supporters

    def command(self, member: UUID, caller: Caller) -> SetPreferences:
        return SetPreferences(member, self.chosen, self.vetoed, caller)


class PreferencesSaid(BaseModel):
    chosen: tuple[UUID, ...]
    vetoed: tuple[UUID, ...]


class Id(BaseModel):
    id: UUID


class Registered(BaseModel):
    """Shown once: the secret is kept sealed."""

    id: UUID
    secret: str
    public_key: str


class Stepped(BaseModel):
    id: UUID
    state: str
