"""The bodies that support takes."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool

from services.support.application import MakeRequest
from shared.events.support import Kind
from shared.http.bodies import Body, Text

LONGEST_TEXT = 10_000
Words = Annotated[Text, Field(min_length=1, max_length=LONGEST_TEXT)]


class RequestBody(Body):
    member: UUID
    kind: Kind
    text: Words
    pseudonymous: StrictBool = False

    def command(self) -> MakeRequest:
        return MakeRequest(self.member, self.kind, self.text, self.pseudonymous)


class MessageBody(Body):
    text: Words


class Made(BaseModel):
    """`pseudonym` is what supporters see in place of a member; None for a request under one's name."""

    id: UUID
    pseudonym: UUID | None


class Id(BaseModel):
    id: UUID
