"""Stored events of members who come and go, for histories that are sent twice or read again."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from services.checkins import domain
from shared.store.events import PrivateEvent
from tests.kafka.streaming import MEMBERS, NOW

AGREED = domain.member.Consented(analytics=True, contact=True)
PLACE = domain.Place(team="night", timezone="UTC", languages=("en",))


def enrolments() -> list[PrivateEvent]:
    return [domain.Member.enrol(member, b"sealed", PLACE, AGREED, NOW) for member in MEMBERS]


def erasures(members: Iterable[UUID]) -> list[PrivateEvent]:
    return [domain.Member(member, 1, PLACE, AGREED).erase(NOW) for member in members]
