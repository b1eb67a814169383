"""Requests: made under a name or a pseudonym, read and answered by supporters outside the management line, closed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg import Cursor
from psycopg.rows import DictRow

from services.support.application.commands import Close, Command, MakeRequest, Say, Who
from services.support.application.texts import seal_answer, seal_recused, seal_text, unseal_answer, unseal_recused, unseal_text
from services.support.domain import Request, replay
from services.support.views import members, pseudonyms, requests
from services.support.views.requests import Row
from shared.clock import Clock
from shared.errors import Problem, forbidden, unknown
from shared.store import erasures
from shared.store.encryption import MemberKeys
from shared.store.event_store import EventStore, Write
from shared.store.group_commit import Decision
from shared.store.sealing import shown

LONGEST_LOG = 100_000
"""Lines of who read what, in an export."""


@dataclass(frozen=True)
class Found:
    """A request as somebody may see it; `own` where they made it."""

    row: Row
    key: bytes
    own: bool


class Support:
    """The use cases over one event store."""

    def __init__(self, store: EventStore, keys: MemberKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    def decide(self, commands: Sequence[Command]) -> list[Decision[Any] | Exception]:
        return [self._one(command) for command in commands]

    def _one(self, command: Command) -> Decision[Any] | Exception:
        handlers: dict[type[Command], Callable[[Any], Decision[Any]]] = {
            MakeRequest: self.make,
            Say: self.say,
            Close: self.close,
        }
        try:
            return handlers[type(command)](command)
        except Problem as problem:
            return problem

    def make(self, command: MakeRequest) -> Decision[Any]:
        """Under a pseudonym, another one each time: what a member asks for twice has nothing in common."""
        member_key = self._key_of(command.member)
        request, by, key, writes = uuid4(), command.member, member_key, list[Write]()
        recused = None
        if command.pseudonymous:
            by = uuid4()
            key, keep_key = self._keys.new(by)
            with self._store.transaction() as cursor:
                count = len(pseudonyms.of(cursor, member_key))
                line = members.management_line(cursor, command.member)
            recused = seal_recused(key, request, line)
            writes = [keep_key, pseudonyms.link(member_key, count, by)]
        text = seal_text(key, request, 1, command.text)
        event = Request.make(request, by, command.pseudonymous, command.kind, text, self._clock())
        result = {"id": request, "pseudonym": by if command.pseudonymous else None}
        here = erasures.require_here(command.member)
        return Decision(result, (event,), (here, *writes, requests.put_request(event, recused)), about=by)

    def say(self, command: Say) -> Decision[Any]:
        found, request = self._found(command.request, command.who)
        text = self._sealed(command, found, request)
        sent = request.say(None if found.own else command.who.member, text, self._clock())
        here = erasures.require_here(command.who.member)
        return Decision({"id": request.id}, (sent,), (here, requests.put_message(sent)))

    def close(self, command: Close) -> Decision[Any]:
        _, request = self._found(command.request, command.who)
        closed = request.close(self._clock())
        return Decision({"id": request.id}, (closed,), (requests.close(closed),))

    def read(self, request: UUID, who: Who) -> dict[str, Any]:
        """With all that was said. That a supporter read it is written down first. Raises a 404 Problem where there is none, and
        for whom there is none."""
        with self._store.transaction() as cursor:
            found = self._seen(cursor, request, who)
            if not found.own:
                requests.log_access(cursor, found.row, who.member, self._clock())
            said = requests.messages(cursor, [request])[request]
        return _told(found, said, self._keys.of(_supporters(said)))

    def open(self, who: Who, limit: int, after: tuple[datetime, UUID] | None) -> list[dict[str, Any]]:
        """The requests that wait for a supporter, without a word of them and without who asks, which is told by reading one and
        written down then; the oldest first. Those in whose management line the supporter is are passed over."""
        if not who.supports:
            raise forbidden()
        listed: list[dict[str, Any]] = []
        with self._store.transaction() as cursor:
            while len(listed) <= limit:
                rows = requests.open_after(cursor, after, limit + 1)
                keys = self._keys.of([row.by for row in rows])
                seen = [row for row in rows if row.by in keys and not self._is_recused(cursor, row, keys[row.by], who)]
                listed += [_listed(row) for row in seen]
                if len(rows) <= limit:
                    break
                after = (rows[-1].made_at, rows[-1].id)
        return listed[: limit + 1]

    def own(self, member: UUID) -> list[dict[str, Any]]:
        """A member's own requests with all that was said, under whatever pseudonym."""
        with self._store.transaction() as cursor:
            rows = requests.by(cursor, self._subjects(cursor, member))
            keys = self._keys.of([row.by for row in rows])
            said = requests.messages(cursor, [row.id for row in rows])
        theirs = self._keys.of(_supporters(one for each in said.values() for one in each))
        return [_told(Found(row, keys[row.by], True), said[row.id], theirs) for row in rows if row.by in keys]

    def accesses_to(self, member: UUID, limit: int, before: int | None) -> list[dict[str, Any]]:
        """Which supporters read their requests, newest first; one more than `limit` where there are more."""
        with self._store.transaction() as cursor:
            return list(requests.accesses_to(cursor, self._subjects(cursor, member), limit + 1, before))

    def held(self, member: UUID) -> dict[str, Any]:
        """Everything that support holds about a member; of a request under a pseudonym also who must not read it."""
        with self._store.transaction() as cursor:
            manager = members.manager_of(cursor, member)
            rows = requests.by(cursor, self._subjects(cursor, member))
        keys = self._keys.of([row.by for row in rows])
        recused = {row.id: unseal_recused(keys[row.by], row.id, row.recused) for row in rows if row.recused and row.by in keys}
        return {
            "manager": manager,
            "requests": [{**told, "recused": _in_order(recused.get(told["id"], frozenset()))} for told in self.own(member)],
            "answers_by_you": self._answers_by(member),
            "accesses": self.accesses_to(member, LONGEST_LOG, None),
        }

    def _answers_by(self, member: UUID) -> list[dict[str, Any]]:
        key = self._key_of(member)
        with self._store.transaction() as cursor:
            rows = requests.answers_by(cursor, member)
        keys = self._keys.of([row["by"] for row in rows])
        return [
            {
                "request": row["request"],
                "at": row["at"],
                **shown("text", unseal_answer(keys[row["by"]], key, row["request"], row["version"], bytes(row["text"]))),
            }
            for row in rows
            if row["by"] in keys
        ]

    def _sealed(self, command: Say, found: Found, request: Request) -> bytes:
        if found.own:
            return seal_text(found.key, request.id, request.next_version, command.text)
        supporter_key = self._key_of(command.who.member)
        return seal_answer(found.key, supporter_key, request.id, request.next_version, command.text)

    def _subjects(self, cursor: Cursor[DictRow], member: UUID) -> list[UUID]:
        """The member and their pseudonyms."""
        return [member, *pseudonyms.of(cursor, self._key_of(member))]

    def _key_of(self, member: UUID) -> bytes:
        """Raises a 404 Problem for whom isn't known, or no longer."""
        key = self._keys.of([member]).get(member)
        with self._store.transaction() as cursor:
            here = members.is_here(cursor, member)
        if key is None or not here:
            raise erasures.unknown_member(self._store, member, "/member")
        return key

    def _found(self, request: UUID, who: Who) -> tuple[Found, Request]:
        with self._store.transaction() as cursor:
            found = self._seen(cursor, request, who)
        current = replay(self._store.load(request))
        assert current is not None, "a request's row is written with its events"
        return found, current

    def _seen(self, cursor: Cursor[DictRow], request: UUID, who: Who) -> Found:
        """Raises a 404 Problem for everybody whose business it isn't, as if there were none."""
        row = requests.find(cursor, request)
        key = self._keys.of([row.by]).get(row.by) if row else None
        if row is None or key is None:
            raise unknown("request")
        own_key = self._keys.of([who.member]).get(who.member)
        own = row.by == who.member or (own_key is not None and row.by in pseudonyms.of(cursor, own_key))
        if not own and (not who.supports or self._is_recused(cursor, row, key, who)):
            raise unknown("request")
        return Found(row, key, own)

    def _is_recused(self, cursor: Cursor[DictRow], row: Row, key: bytes, who: Who) -> bool:
        """Nobody answers their own request, or one from their management line; nor who isn't known here."""
        if not members.is_here(cursor, who.member):
            return True
        if row.pseudonymous:
            recused = unseal_recused(key, row.id, row.recused) if row.recused is not None else None
            return recused is None or who.member in recused
        return who.member in members.management_line(cursor, row.by)


def _listed(row: Row) -> dict[str, Any]:
    by = {"pseudonym": row.by} if row.pseudonymous else {}
    return {"id": row.id, "kind": row.kind, "made_at": row.made_at, "closed": row.closed, **by}


def _in_order(people: frozenset[UUID] | None) -> list[UUID] | None:
    return None if people is None else sorted(people)


def _supporters(messages: Iterable[dict[str, Any]]) -> list[UUID]:
    return list({one["supporter"] for one in messages if one["supporter"]})


def _told(found: Found, messages: Iterable[dict[str, Any]], supporters: Mapping[UUID, bytes]) -> dict[str, Any]:
    said = [{"at": one["at"], "supporter": one["supporter"], **_text(found, one, supporters)} for one in messages]
    by = {} if found.row.pseudonymous else {"member": found.row.by}
    return {**_listed(found.row), **by, "messages": said}


def _text(found: Found, message: dict[str, Any], supporters: Mapping[UUID, bytes]) -> dict[str, Any]:
    """None where the supporter who wrote it was erased a moment ago."""
    request, version, sealed = found.row.id, message["version"], bytes(message["text"])
    if message["supporter"] is None:
        return shown("text", unseal_text(found.key, request, version, sealed))
    key = supporters.get(message["supporter"])
    return shown("text", unseal_answer(found.key, key, request, version, sealed)) if key else {"text": None}
