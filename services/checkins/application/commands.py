"""What checkins is asked to do, and what is known of the members that a group of commands is about."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.checkins import views
from services.checkins.domain import CheckIn, DistressFlag, Place
from services.checkins.domain.member import Consented
from shared.errors import Problem, unknown
from shared.store.event_store import Conflict


@dataclass(frozen=True)
class EnrolMember:
    name: str
    place: Place
    consents: Consented

    def members(self) -> tuple[UUID, ...]:
        return (self.place.manager,) if self.place.manager else ()


@dataclass(frozen=True)
class ChangeMember:
    """`place` and `consents` hold only what is to change, by field name. `by` is who changes it for the member; None
    where they do it themselves."""

    member: UUID
    place: dict[str, Any]
    consents: dict[str, bool]
    name: str | None
    by: str | None

    def members(self) -> tuple[UUID, ...]:
        manager = self.place.get("manager")
        return (self.member, manager) if manager else (self.member,)


@dataclass(frozen=True)
class EraseMember:
    member: UUID

    def members(self) -> tuple[UUID, ...]:
        return (self.member,)


@dataclass(frozen=True)
class RecordCheckIn:
    check_in: CheckIn
    note: str | None

    def members(self) -> tuple[UUID, ...]:
        return (self.check_in.member,)


@dataclass(frozen=True)
class RecordCheckIns:
    """A batch, of which `rejected` didn't get as far as a command; the rest keep their places in it by `indexes`."""

    check_ins: tuple[RecordCheckIn, ...]
    indexes: tuple[int, ...]
    rejected: tuple[tuple[int, Problem], ...]

    def members(self) -> tuple[UUID, ...]:
        return tuple({command.check_in.member for command in self.check_ins})


@dataclass(frozen=True)
class FlagDistress:
    flag: DistressFlag
    note: str | None

    def members(self) -> tuple[UUID, ...]:
        return (self.flag.member, self.flag.reporter) if self.flag.reporter else (self.flag.member,)


Command = EnrolMember | ChangeMember | EraseMember | RecordCheckIn | RecordCheckIns | FlagDistress


@dataclass(frozen=True)
class Known:
    """The members that a group of commands is about, whose keys are unwrapped only for who writes something down."""

    members: dict[UUID, views.KnownMember]
    unwrap: Callable[[UUID, str, bytes], bytes]

    def key(self, member: UUID) -> bytes:
        known = self.members[member]
        return self.unwrap(member, known.kek_id, known.wrapped_key)

    def member(self, member: UUID, pointer: str) -> views.KnownMember:
        """Raises a 404 Problem for whom isn't enrolled, or no longer."""
        if member not in self.members:
            raise unknown("member", pointer)
        return self.members[member]


def require_apart(commands: Sequence[Command]) -> list[UUID]:
    """The members whom they are about. Raises Conflict where one of them changes whom another is about, or erases anybody."""
    about = Counter(member for command in commands for member in set(command.members()))
    if len(commands) > 1 and any(_stands_alone(command, about) for command in commands):
        raise Conflict("decided one by one")
    return list(about)


def _stands_alone(command: Command, about: Mapping[UUID, int]) -> bool:
    return isinstance(command, EraseMember) or (isinstance(command, ChangeMember) and about[command.member] > 1)
