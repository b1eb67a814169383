"""What people say about who may be asked about whom: declaring and ending conflicts, blocking, choosing and vetoing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from psycopg import Cursor
from psycopg.rows import DictRow

from services.alerts.domain.events import Blocked, ConflictDeclared, ConflictEnded, PreferencesSet, Unblocked
from services.alerts.domain.wishes import Kind
from services.alerts.views import alert_rows, member_rows, roster, wish_rows
from services.alerts.views.wish_rows import Conflict, Preferences
from shared.auth import Caller
from shared.clock import Clock
from shared.errors import forbidden, invalid, unknown, wrong_state
from shared.store import erasures
from shared.store.event_store import EventStore
from shared.store.group_commit import Decision

SETTLE = frozenset({"admin", "clinical_lead"})
"""Whoever has one of these roles may declare and end a conflict between others."""

ENDED = "ended"


@dataclass(frozen=True)
class DeclareConflict:
    member: UUID
    other: UUID
    kind: Kind
    caller: Caller


@dataclass(frozen=True)
class EndConflict:
    conflict: UUID
    caller: Caller


@dataclass(frozen=True)
class Block:
    member: UUID
    blocked: UUID
    caller: Caller


@dataclass(frozen=True)
class Unblock:
    block: UUID
    caller: Caller


@dataclass(frozen=True)
class SetPreferences:
    """`chosen` and `vetoed` are supporters' member ids."""

    member: UUID
    chosen: Sequence[UUID]
    vetoed: Sequence[UUID]
    caller: Caller


@dataclass(frozen=True)
class Wishing:
    """Who loses an open alert by what is said loses it at once; who may be asked by it is looked for at once."""

    store: EventStore
    clock: Clock

    def declare(self, command: DeclareConflict) -> Decision[Any]:
        """Raises a 403 Problem where it is neither the caller's own nor theirs to settle, a 404 for who isn't known (yet)."""
        member, other, caller = command.member, command.other, command.caller
        if caller.roles.isdisjoint(SETTLE) and caller.member not in (member, other):
            raise forbidden("A conflict is declared by one of the two, a clinical lead or an admin.")
        self._require_here(caller)
        self._require_two({"/member": member, "/with": other})
        declared = ConflictDeclared(originator_id=uuid4(), at=self.clock(), kind=command.kind)
        conflict = Conflict(declared.originator_id, member, other, command.kind, _name(caller))
        with self.store.transaction() as cursor:
            if wish_rows.is_declared(cursor, conflict):
                raise wrong_state("The caller has declared this conflict already.")
        taken = [alert_rows.take_from([one], about, declared.at) for one, about in ((other, member), (member, other))]
        here = erasures.require_here(*_named(member, other, caller))
        writes = (here, wish_rows.put_conflict(conflict), *taken, alert_rows.wake)
        return Decision({"id": conflict.id}, (declared,), writes, about=caller.member)

    def end(self, command: EndConflict) -> Decision[Any]:
        """Raises a 404 Problem for an unknown one, a 403 for one of the two who didn't declare it."""
        self._require_here(command.caller)
        with self.store.transaction() as cursor:
            conflict = wish_rows.conflict(cursor, command.conflict)
        if conflict is None:
            raise unknown("conflict")
        if not _may_end(conflict, command.caller):
            raise forbidden("This conflict isn't the caller's to end.")
        ended = ConflictEnded(originator_id=conflict.id, at=self.clock())
        writes = (wish_rows.drop_conflict(conflict.id), alert_rows.look_now(ended.at), alert_rows.wake)
        return Decision({"id": conflict.id, "state": ENDED}, (ended,), writes, about=command.caller.member)

    def block(self, command: Block) -> Decision[Any]:
        """Raises a 403 Problem where it isn't the caller's own, a 404 for who isn't known (yet), a 409 for one more time."""
        member, blocked = command.member, command.blocked
        _require_own(member, command.caller)
        self._require_two({"/member": member, "/blocked": blocked})
        with self.store.transaction() as cursor:
            if wish_rows.is_blocked(cursor, member, blocked):
                raise wrong_state("The caller blocks them already.")
        event = Blocked(originator_id=uuid4(), at=self.clock())
        here, put = erasures.require_here(member, blocked), wish_rows.put_block(event.originator_id, member, blocked)
        taken = alert_rows.take_from([blocked], member, event.at)
        return Decision({"id": event.originator_id}, (event,), (here, put, taken, alert_rows.wake), about=member)

    def unblock(self, command: Unblock) -> Decision[Any]:
        """Raises a 404 Problem for an unknown one, a 403 for another's."""
        with self.store.transaction() as cursor:
            member = wish_rows.who_blocks(cursor, command.block)
        if member is None:
            raise unknown("block")
        _require_own(member, command.caller)
        event = Unblocked(originator_id=command.block, at=self.clock())
        writes = (wish_rows.drop_block(command.block), alert_rows.look_now(event.at), alert_rows.wake)
        return Decision({"id": command.block, "state": ENDED}, (event,), writes, about=member)

    def prefer(self, command: SetPreferences) -> Decision[Any]:
        """In place of what was said before. Raises a 403 Problem where it isn't the caller's own, a 404 for who is no supporter
        and a 422 for one who is chosen and vetoed."""
        member, chosen, vetoed = command.member, tuple(dict.fromkeys(command.chosen)), tuple(dict.fromkeys(command.vetoed))
        _require_own(member, command.caller)
        if not set(chosen).isdisjoint(vetoed):
            raise invalid("/vetoed", "somebody is both chosen and vetoed")
        self._require_members({None: member})
        with self.store.transaction() as cursor:
            before = wish_rows.preferences_of(cursor, member) or Preferences(uuid4(), 0, member)
            _require_supporters(cursor, command)
        said = Preferences(before.id, before.version + 1, member, chosen, vetoed)
        event = PreferencesSet(originator_id=said.id, originator_version=said.version, at=self.clock())
        here = erasures.require_here(member, *chosen, *vetoed)
        taken = alert_rows.take_from(vetoed, member, event.at)
        writes = (here, wish_rows.put_preferences(said), taken, alert_rows.look_now(event.at), alert_rows.wake)
        return Decision({"chosen": chosen, "vetoed": vetoed}, (event,), writes, about=member)

    def _require_here(self, caller: Caller) -> None:
        """Raises a 404 Problem for a caller who was erased."""
        if caller.member is None:
            return
        with self.store.transaction() as cursor:
            if member_rows.load(cursor, [caller.member])[caller.member].erased:
                raise unknown("member")

    def _require_two(self, people: Mapping[str | None, UUID]) -> None:
        """Raises a 422 Problem for one and the same person, a 404 for one not (yet) known here."""
        if len(set(people.values())) < len(people):
            raise invalid(list(people)[-1] or "", "must be somebody else")
        self._require_members(people)

    def _require_members(self, people: Mapping[str | None, UUID]) -> None:
        with self.store.transaction() as cursor:
            members = member_rows.load(cursor, list(people.values()))
        for pointer, person in people.items():
            if not members[person].known or members[person].erased:
                raise erasures.unknown_member(self.store, person, pointer)


def _require_supporters(cursor: Cursor[DictRow], command: SetPreferences) -> None:
    for field, people in (("chosen", command.chosen), ("vetoed", command.vetoed)):
        for place, person in enumerate(people):
            if person == command.member or roster.supporter_of(cursor, person) is None:
                raise unknown("supporter", f"/{field}/{place}")


def _name(caller: Caller) -> str:
    """Who declares something, as it is written down and compared."""
    return str(caller.member) if caller.member else caller.attributed


def _named(member: UUID, other: UUID, caller: Caller) -> tuple[UUID, ...]:
    return (member, other, *([caller.member] if caller.member else []))


def _may_end(conflict: Conflict, caller: Caller) -> bool:
    """Who declared it; and who settles those of others, unless it is about them."""
    settles = not caller.roles.isdisjoint(SETTLE) and caller.member not in (conflict.member, conflict.other)
    return settles or conflict.declared_by == _name(caller)


def _require_own(member: UUID, caller: Caller) -> None:
    if caller.member != member:
        raise forbidden("This is the member's own to say.")
