"""A member: where they belong and what they agreed to. The name is encrypted under the member's own key."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import msgspec

from shared.store.events import PrivateEvent


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a member belongs. `manager` is a member; None is an empty management chain."""

    team: str
    manager: UUID | None = None
    timezone: str
    country: str | None = None
    languages: tuple[str, ...]


class Consented(msgspec.Struct, frozen=True, kw_only=True):
    analytics: bool = False
    text: bool = False
    contact: bool = False

    @property
    def agreed(self) -> frozenset[str]:
        return frozenset(name for name in self.__struct_fields__ if getattr(self, name))


class MemberEnrolled(PrivateEvent, frozen=True, kw_only=True):
    name: bytes
    place: Place
    consents: Consented


class MemberMoved(PrivateEvent, frozen=True, kw_only=True):
    place: Place


class MemberRenamed(PrivateEvent, frozen=True, kw_only=True):
    name: bytes


class ConsentsChanged(PrivateEvent, frozen=True, kw_only=True):
    consents: Consented


class MemberErased(PrivateEvent, frozen=True, kw_only=True):
    pass


@dataclass(frozen=True)
class Member:
    """A member as their events tell. Erased members are there, so that their id is never given again."""

    id: UUID
    version: int
    place: Place
    consents: Consented
    erased: bool = False

    @staticmethod
    def enrol(member: UUID, name: bytes, place: Place, consents: Consented, at: datetime) -> MemberEnrolled:
        return MemberEnrolled(originator_id=member, originator_version=1, at=at, name=name, place=place, consents=consents)

    @staticmethod
    def of(events: Iterable[PrivateEvent]) -> "Member | None":
        """The member after these events; None after none."""
        member: Member | None = None
        for event in events:
            member = _after(member, event)
        return member

    def change(self, at: datetime, place: Place | None, consents: Consented | None) -> list[PrivateEvent]:
        """What a change comes to; nothing where nothing is different."""
        events: list[PrivateEvent] = []
        if place is not None and place != self.place:
            events.append(MemberMoved(originator_id=self.id, originator_version=self.version + 1, at=at, place=place))
        if consents is not None and consents != self.consents:
            version = self.version + len(events) + 1
            events.append(ConsentsChanged(originator_id=self.id, originator_version=version, at=at, consents=consents))
        return events

    def rename(self, at: datetime, version: int, name: bytes) -> MemberRenamed:
        """`name` is sealed for the version that it is in; whoever renames has the key, this room doesn't."""
        return MemberRenamed(originator_id=self.id, originator_version=version, at=at, name=name)

    def erase(self, at: datetime) -> MemberErased:
        return MemberErased(originator_id=self.id, originator_version=self.version + 1, at=at)


def _after(member: Member | None, event: PrivateEvent) -> Member:
    if isinstance(event, MemberEnrolled):
        return Member(event.originator_id, event.originator_version, event.place, event.consents)
    assert member is not None, "a member's first event is MemberEnrolled"
    member = replace(member, version=event.originator_version)
    if isinstance(event, MemberMoved):
        return replace(member, place=event.place)
    if isinstance(event, ConsentsChanged):
        return replace(member, consents=event.consents)
    if isinstance(event, MemberErased):
        return replace(member, erased=True)
    return member
