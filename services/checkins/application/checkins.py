"""The use cases: one method for each command, and the reads.

Commands arrive in groups; each is decided on its own, and what they share (members, keys) is read once for the group.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID, uuid4

import msgspec

from services.checkins import views
from services.checkins.application.commands import (
    ChangeMember,
    Command,
    EnrolMember,
    EraseMember,
    FlagDistress,
    Known,
    RecordCheckIn,
    RecordCheckIns,
    require_apart,
)
from services.checkins.application.texts import name_of, readable, sealed
from services.checkins.domain import CheckInRecorded, Member
from services.checkins.domain.crisis import CrisisLine, crisis_lines
from services.checkins.domain.language import Finding, analyse, has_safety_language
from shared.clock import Clock
from shared.errors import Problem, forbidden, invalid, unknown
from shared.http import idempotency
from shared.store import erasures
from shared.store.encryption import MemberKeys
from shared.store.erasures import Erased
from shared.store.event_store import Conflict, EventStore, Write
from shared.store.group_commit import Decision

LONGEST_LOG = 100_000
"""Lines of who read what, in an export."""

ATTEMPTS = 5


class Checkins:
    """The use cases over one event store."""

    def __init__(self, store: EventStore, keys: MemberKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    def decide(self, commands: Sequence[Command]) -> list[Decision[Any] | Exception]:
        """Raises Conflict where one of them changes whom another is about: each is then decided by what is stored by then."""
        ids = require_apart(commands)
        known = Known(views.members(self._store, ids) if ids else {}, self._keys.unwrap)
        decided = [self._one(command, known) for command in commands]
        for n, decision in enumerate(decided):
            if isinstance(decision, Decision) and known.members:  # once for all of them
                here = () if isinstance(commands[n], EraseMember) else (erasures.require_here(*known.members),)
                decided[n] = replace(decision, writes=(*here, *decision.writes))
                break
        return decided

    def _one(self, command: Command, known: Known) -> Decision[Any] | Exception:
        try:
            return HANDLERS[type(command)](self, command, known)
        except Problem as problem:
            return problem

    def enrol(self, command: EnrolMember, known: Known) -> Decision[Any]:
        if command.place.manager:
            known.member(command.place.manager, "/manager")
        member = uuid4()
        key, keep_key = self._keys.new(member)
        name = sealed(key, command.name, member, 1, "name")
        event = Member.enrol(member, name, command.place, command.consents, self._clock())
        writes = (keep_key, views.put_member(member, command.place, command.consents))
        return Decision({"id": member}, (event,), writes, about=member)

    def change(self, command: ChangeMember, known: Known) -> Decision[Any]:
        member = self._current(command.member, known)
        if command.place.get("manager") == command.member:
            raise invalid("/manager", "nobody is their own manager")
        if command.place.get("manager"):
            known.member(command.place["manager"], "/manager")
        place = msgspec.structs.replace(member.place, **command.place)
        consents = msgspec.structs.replace(member.consents, **command.consents)
        if command.by and consents.agreed - member.consents.agreed:
            raise forbidden("Only the member consents to anything more; others may withdraw a consent, and the member is told.")
        events = member.change(self._clock(), place, consents)
        if command.name is not None:
            version = member.version + len(events) + 1
            name = sealed(known.key(member.id), command.name, member.id, version, "name")
            events.append(member.rename(self._clock(), version, name))
        writes = [views.put_member(member.id, place, consents)] if events else []
        if command.by:
            withdrawn = sorted(member.consents.agreed - consents.agreed)
            writes += [views.access(member.id, command.by, f"{consent} withdrawn", self._clock()) for consent in withdrawn]
        return Decision({"id": member.id}, events, writes, about=member.id)

    def erase(self, command: EraseMember, known: Known) -> Decision[Any]:
        member, at = self._current(command.member, known), self._clock()
        receipt = {"member": member.id, "erased_at": at}
        return Decision({"id": member.id, "receipt": receipt}, (member.erase(at),), self._forgetting([Erased(member.id, at)]))

    def erase_again(self, missed: Sequence[Erased]) -> None:
        """Who was erased after the backup from which this database was restored: as if they had asked for it now."""
        for attempt in range(1, ATTEMPTS + 1):
            if not (gone := erasures.not_yet(self._store, missed)):
                return
            known = Known(views.members(self._store, [one.member for one in gone]), self._keys.unwrap)
            events = [self._current(member, known).erase(self._clock()) for member in known.members]
            try:
                self._store.record(events, self._forgetting(gone))
            except Conflict:
                if attempt == ATTEMPTS:
                    raise
            else:
                return

    def _forgetting(self, gone: Sequence[Erased]) -> tuple[Write, ...]:
        members = [one.member for one in gone]
        dropped = [(self._keys.destroy(member), views.drop_member(member)) for member in members]
        return (erasures.put(gone, self._clock()), *chain.from_iterable(dropped), idempotency.forget(members))

    def record(self, command: RecordCheckIn, known: Known) -> Decision[Any]:
        event = self._recorded(command, known, "/member")
        lines = _resources(command.note, known.members[command.check_in.member])
        answer = {"id": event.originator_id, "resources": lines}
        return Decision(answer, (event,), _rows([event]), about=event.member)

    def record_batch(self, command: RecordCheckIns, known: Known) -> Decision[Any]:
        events: list[CheckInRecorded] = []
        accepted: list[dict[str, Any]] = []
        rejected = list(command.rejected)
        for index, one in zip(command.indexes, command.check_ins, strict=True):
            try:
                events.append(self._recorded(one, known, "/member"))
            except Problem as problem:
                rejected.append((index, problem))
            else:
                accepted.append({"index": index, "id": one.check_in.id})
        problems = [{"index": index, "problem": problem.body()} for index, problem in sorted(rejected, key=lambda r: r[0])]
        result = {"accepted": len(events), "rejected": problems, "items": accepted}
        return Decision(result, events, _rows(events) if events else ())

    def flag(self, command: FlagDistress, known: Known) -> Decision[Any]:
        flag = command.flag
        known.member(flag.member, "/member")
        if flag.reporter:
            known.member(flag.reporter, "/reporter")
        note = sealed(known.key(flag.member), command.note, flag.id, 1, "note") if command.note else None
        event = flag.raise_flag(self._clock(), note)
        return Decision({"id": flag.id}, (event,), (views.put_flag(event),), about=flag.member)

    def _recorded(self, command: RecordCheckIn, known: Known, pointer: str) -> CheckInRecorded:
        check_in = command.check_in
        member = known.member(check_in.member, pointer)
        note = sealed(known.key(check_in.member), command.note, check_in.id, 1, "note") if command.note else None
        return check_in.record(self._clock(), note, _findings(command.note, member))

    def _current(self, member: UUID, known: Known) -> Member:
        known.member(member, "/member")
        current = Member.of(self._store.load(member))
        assert current is not None, "a member in the view has events"
        return current

    def record_of(self, member: UUID, reader: str, limit: int, before: tuple[datetime, UUID] | None) -> list[dict[str, Any]]:
        """A member's own check-ins with their notes, newest first; that they were read is written down first.

        Raises a 404 Problem for an unknown member.
        """
        key = self._keys.of([member]).get(member)
        if key is None:
            raise unknown("member")
        views.log_access(self._store, member, reader, "check-ins", self._clock())
        return [readable(row, key) for row in views.check_ins_of(self._store, member, limit, before)]

    def held(self, member: UUID, what: str = "held") -> dict[str, Any]:
        """Everything that checkins holds about a member; that it was read, and as `what`, is written down first.

        Raises a 404 Problem for an unknown or erased member.
        """
        key = self._keys.of([member]).get(member)
        known = views.members(self._store, [member]).get(member)
        if key is None or known is None:
            raise unknown("member")
        views.log_access(self._store, member, str(member), what, self._clock())
        check_ins = views.all_check_ins_of(self._store, member)
        flags = views.flags_about(self._store, member)
        return {
            "name": name_of(self._store.load(member), key),
            "place": msgspec.to_builtins(known.place),
            "consents": msgspec.to_builtins(known.consents),
            "check_ins": [readable(row, key) for row in check_ins],
            "found_in_your_notes": list(views.findings_about(self._store, member)),
            "concerns_about_you": [readable(row, key) for row in flags],
            "concerns_by_you": list(views.flags_by(self._store, member)),
            "accesses": list(views.accesses_of(self._store, member, LONGEST_LOG, None)),
        }

    def accesses_to(self, member: UUID, limit: int, before: int | None) -> list[dict[str, Any]]:
        """Who read or withdrew what of a member's, newest first. Raises a 404 Problem for an unknown member."""
        if member not in views.members(self._store, [member]):
            raise unknown("member")
        return list(views.accesses_of(self._store, member, limit, before))


def _rows(events: Sequence[CheckInRecorded]) -> tuple[Write, ...]:
    return (views.put_check_ins(events), *views.put_findings(events))


def _findings(note: str | None, member: views.KnownMember) -> tuple[Finding, ...]:
    """What travels of a note: nothing without the member's consent."""
    return analyse(note).findings() if note and member.consents.text else ()


def _resources(note: str | None, member: views.KnownMember) -> tuple[CrisisLine, ...]:
    """Whatever the member consented to: nothing is kept of this look, and nobody but the author is told."""
    if not (note and has_safety_language(note)):
        return ()
    return crisis_lines().lines_for(member.place.country)


HANDLERS: dict[type[Command], Callable[[Checkins, Any, Known], Decision[Any]]] = {
    EnrolMember: Checkins.enrol,
    ChangeMember: Checkins.change,
    EraseMember: Checkins.erase,
    RecordCheckIn: Checkins.record,
    RecordCheckIns: Checkins.record_batch,
    FlagDistress: Checkins.flag,
}
