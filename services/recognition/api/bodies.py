"""The bodies that recognition takes: what is right, and in which words it is told what isn't."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID, uuid4

from pydantic import BaseModel, Field, StrictBool

from services.recognition.application import ChooseBoard, GiveKudos
from services.recognition.domain import MOST_POINTS, MOST_RECEIVERS, Kudos, wrong_receiver
from shared.errors import invalid
from shared.events.recognition import Category
from shared.http.bodies import Body, Text

LONGEST_MESSAGE = 2_000
CLOCKS_MAY_DIFFER_BY = timedelta(minutes=5)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""Kafka has no times before."""


class KudosBody(Body):
    giver: UUID
    receivers: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MOST_RECEIVERS)]
    category: Category
    points: Annotated[int, Field(ge=0, le=MOST_POINTS, strict=True)] = 0
    message: Annotated[Text, Field(max_length=LONGEST_MESSAGE)] | None = None

    def command(self, now: datetime, sent_at: datetime | None = None) -> GiveKudos:
        """`sent_at` is a CloudEvent's time. Raises a 422 Problem for a receiver or a time that can't be."""
        if wrong := wrong_receiver(self.giver, self.receivers):
            raise invalid(f"/receivers/{wrong[0]}", wrong[1])
        given_at = _plausible(sent_at, now) if sent_at else now
        return GiveKudos(Kudos(uuid4(), self.giver, self.receivers, self.category.value, self.points, given_at), self.message)


class BoardBody(Body):
    opted_in: StrictBool

    def command(self, member: UUID) -> ChooseBoard:
        return ChooseBoard(member, self.opted_in)


def _plausible(at: datetime, now: datetime) -> datetime:
    """The time in UTC, never later than now. A sender's clock may be a little ahead of ours; one without a zone isn't taken."""
    if at.tzinfo is None or not EARLIEST <= at <= now + CLOCKS_MAY_DIFFER_BY:
        raise invalid("/time", f"must have a zone and lie between {EARLIEST.year} and now")
    return min(at.astimezone(UTC), now)


class Id(BaseModel):
    id: UUID


class Choice(BaseModel):
    member: UUID
    opted_in: bool
