"""What can be done in recognition: one method for each command, and the reads.

Commands arrive in groups; each is decided on its own, and what they share (members, keys, choices) is read once for all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from services.recognition import views
from services.recognition.domain import BoardChoice, Kudos, Window, days_of
from shared.clock import Clock
from shared.errors import Problem, unknown
from shared.store import erasures
from shared.store.encryption import MemberKeys
from shared.store.event_store import EventStore, Write
from shared.store.group_commit import Decision
from shared.store.sealing import opened, place, seal, shown

MOST_KUDOS = 1_000_000
"""In an export: all of them."""


@dataclass(frozen=True)
class GiveKudos:
    kudos: Kudos
    message: str | None

    def members(self) -> tuple[UUID, ...]:
        return (self.kudos.giver, *self.kudos.receivers)


@dataclass(frozen=True)
class ChooseBoard:
    member: UUID
    opted_in: bool

    def members(self) -> tuple[UUID, ...]:
        return (self.member,)


Command = GiveKudos | ChooseBoard


@dataclass(frozen=True)
class Known:
    """The members, keys and choices that a group of commands is about; keys made for the group are added."""

    members: frozenset[UUID]
    choices: dict[UUID, BoardChoice]
    unknown: Callable[[UUID, str], Problem]
    keys: dict[UUID, bytes] = field(default_factory=dict)

    def require(self, member: UUID, pointer: str) -> None:
        """Raises a 404 Problem for whom isn't known, or no longer."""
        if member not in self.members:
            raise self.unknown(member, pointer)


class Recognition:
    """The use cases over one event store."""

    def __init__(self, store: EventStore, keys: MemberKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    def decide(self, commands: Sequence[Command]) -> list[Decision[Any] | Exception]:
        known = self._known(commands)
        return [self._one(command, known) for command in commands]

    def _known(self, commands: Sequence[Command]) -> Known:
        members = list({member for command in commands for member in command.members()})
        choosers = [command.member for command in commands if isinstance(command, ChooseBoard)]
        writers = [command.kudos.giver for command in commands if isinstance(command, GiveKudos) and command.message]
        return Known(
            views.known_members(self._store, members),
            views.choices(self._store, choosers) if choosers else {},
            partial(erasures.unknown_member, self._store),
            self._keys.of(writers) if writers else {},
        )

    def _one(self, command: Command, known: Known) -> Decision[Any] | Exception:
        try:
            return HANDLERS[type(command)](self, command, known)
        except Problem as problem:
            return problem

    def give(self, command: GiveKudos, known: Known) -> Decision[Any]:
        kudos = command.kudos
        known.require(kudos.giver, "/giver")
        for number, receiver in enumerate(kudos.receivers):
            known.require(receiver, f"/receivers/{number}")
        keep_key, message = self._sealed(command, known)
        event = kudos.give(self._clock(), message)
        here = erasures.require_here(kudos.giver, *kudos.receivers)
        return Decision({"id": kudos.id}, (event,), (here, *keep_key, views.put_kudos(event)), about=kudos.giver)

    def choose(self, command: ChooseBoard, known: Known) -> Decision[Any]:
        known.require(command.member, "/member")
        choice = known.choices.get(command.member, BoardChoice(command.member))
        events = choice.choose(command.opted_in, self._clock())
        result = {"member": command.member, "opted_in": command.opted_in}
        here = (erasures.require_here(command.member),) if events else ()
        return Decision(result, events, (*here, *(views.put_choice(event) for event in events)))

    def _sealed(self, command: GiveKudos, known: Known) -> tuple[tuple[Write, ...], bytes | None]:
        """The message under its giver's key, and the row of a key that had to be made for it."""
        if not command.message:
            return (), None
        giver = command.kudos.giver
        keep_key: tuple[Write, ...] = ()
        if giver not in known.keys:
            known.keys[giver], keep = self._keys.new(giver)
            keep_key = (keep,)
        return keep_key, seal(known.keys[giver], command.message.encode(), _message_of(command.kudos.id))

    def kudos_of(self, member: UUID, limit: int, before: tuple[datetime, UUID] | None) -> list[dict[str, Any]]:
        """What a member gave and received, newest first, with its messages. Raises a 404 Problem for who was erased."""
        if erasures.find(self._store, member):
            raise unknown("member")
        rows = views.kudos(self._store, member, limit, before)
        keys = self._keys.of([row["giver"] for row in rows if row["message"]])
        return [row | _message(row, keys) for row in rows]

    def held(self, member: UUID) -> dict[str, Any]:
        """Everything that recognition holds about a member: their choice, and what they gave and were given."""
        choice = views.choices(self._store, [member]).get(member)
        return {
            "team": views.team_of(self._store, member),
            "on_the_board": choice.opted_in if choice else False,
            "kudos": self.kudos_of(member, MOST_KUDOS, None),
        }

    def all_kudos(self, limit: int, before: tuple[datetime, UUID] | None) -> list[dict[str, Any]]:
        """Everybody's, newest first, without their messages."""
        rows = views.kudos(self._store, None, limit, before)
        return [{name: value for name, value in row.items() if name != "message"} for row in rows]

    def board(
        self, window: Window, at: datetime | None, team: str | None, limit: int, after: tuple[int, UUID] | None
    ) -> list[dict[str, Any]]:
        """Who gave most in the window that holds `at`, by default the present one."""
        return views.board(self._store, days_of(window, at or self._clock()), team, limit, after)


def _message_of(kudos: UUID) -> str:
    return place("recognition", kudos, 1, "message")


def _message(row: dict[str, Any], keys: dict[UUID, bytes]) -> dict[str, Any]:
    if row["message"] is None or row["giver"] not in keys:
        return {"message": None}
    return shown("message", opened(keys[row["giver"]], bytes(row["message"]), _message_of(row["id"])))


HANDLERS: dict[type[Command], Callable[[Recognition, Any, Known], Decision[Any]]] = {
    GiveKudos: Recognition.give,
    ChooseBoard: Recognition.choose,
}
